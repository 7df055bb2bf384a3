import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { setLaneState, storeHolds } from '../../../src/db/lane.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'
import { createScenario } from '../../stack/scenario.ts'
import { runVerb } from '../../stack/service-process.ts'

// A command is a process of its own, and an editor runs many.
vi.setConfig({ testTimeout: 120_000 })

const FIRST = 'B00000000A'
const SECOND = 'B00000000B'
const SITE = 'www.amazon.ca'

/** An album with two open candidates, and no worker that would apply what is decided about it. */
async function createWaiting() {
  const { env } = await createScenario()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const execute = (sql: string, values: unknown[] = []) => db.query((em) => em.execute(sql, values))
  const album = sampleAlbum('Title', ['Artist'], { albumId: 'a' })
  await execute(`insert into album (album_id, facts, imported_at) values ('a', ?, now())`, [JSON.stringify(album)])
  const insert = (asin: string, title: string) =>
    execute(
      `insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, score, parts, reason, request_id,
        judged_at) values ('a', ?, ?, ?, 'open', 'rules', 0.6, '[]', 'because', gen_random_uuid(), now())`,
      [
        SITE,
        asin,
        JSON.stringify(
          sampleProduct(title, 'Miles Davis', {
            asin,
            binding: 'Audio CD',
            releaseDate: '1997-03-25',
            url: 'https://x',
          }),
        ),
      ],
    )
  await insert(FIRST, `Kind of Blue\n2   ${FIRST} open`)
  await insert(SECOND, `A title of more than forty-eight characters, which is told whole (Legacy Edition)`)
  const review = async (...verb: string[]) => (await runVerb(env, 'review', ...verb)).output.split('\n')
  return { env, db, execute, insert, review, worker: `${env.KAFKA_GROUP_PREFIX}.worker` }
}

test('each candidate is a block under its number, whatever its title says, with what an editor decides by', async () => {
  const { review } = await createWaiting()
  const lines = await review('show', 'a')
  expect(lines.slice(0, 2)).toEqual(['Artist – Title', `album a, ${SITE}`])
  expect(lines.slice(3, 8)).toEqual([
    `1   ${FIRST} open by rules, score 0.60`,
    `    Kind of Blue\\u000a2   ${FIRST} open`,
    '    Miles Davis; Audio CD; 1997-03-25',
    `    https://${SITE}/dp/${FIRST}`,
    '    because',
  ])
  expect(lines.slice(9, 11)).toEqual([
    `2   ${SECOND} open by rules, score 0.60`,
    '    A title of more than forty-eight characters, which is told whole (Legacy Edition)',
  ])
})

test('a decision says what it is about and whose it replaces, and is shown until it is applied', async () => {
  const { execute, insert, review } = await createWaiting()
  expect((await review('accept', 'a', '2', '--by', 'alice'))[0]).toBe(
    `accepted: 2 ${SECOND} "A title of more than forty-eight characters, which is told whole (Legacy Edition)" by Miles Davis`,
  )
  const pending = /^ {4}accepted by alice at \d{4}-\S+Z; not applied yet$/
  expect((await review('show', 'a')).filter((line) => pending.test(line))).toHaveLength(1)

  // Another product comes before it: its number is another's now, which the decision shows.
  await insert('B000000000', 'Another')
  expect((await review('reject', 'a', '2'))[0]).toMatch(`rejected: 2 ${FIRST} "Kind of Blue\\u000a2`)
  const replaced = await review(
    'reject',
    'a',
    `https://www.amazon.de/Title/dp/${SECOND.toLowerCase()}?tag=x`,
    '--by',
    'bob',
  )
  expect(replaced[0]).toMatch(/^rejected: 3 B00000000B .* by Miles Davis \(was accepted by alice at \S+Z\)$/)

  await execute(`update candidate set verdict = 'reject', decided_by = 'person' where asin = ?`, [SECOND])
  expect((await review('show', 'a')).join('\n')).not.toContain('by bob')
  const undone = await review('undo', 'a', SECOND.toLowerCase())
  expect(undone[0]).toMatch(/^taken back: 3 B00000000B .* \(was rejected by bob at \S+Z\)$/)
  expect(await review('show', 'a')).toContain('    a verdict was taken back; not applied yet')
  expect((await review('accept', 'a', '1', '--by', ' '))[0]).toContain('--by is " ": wants a name')
})

test('an added ASIN that Amazon does not know is told so once its request has ended, and can be taken back', async () => {
  const { execute, review } = await createWaiting()
  const added = 'B00000000Z'
  expect((await review('add', 'a', added.toLowerCase(), '--by', 'alice'))[0]).toBe(`accepted: ${added}`)
  const shown = async () => (await review('show', 'a')).find((line) => line.startsWith(added))
  expect(await shown()).toMatch(/^B00000000Z: accepted by alice at \S+Z; not applied yet$/)
  const end = (reason: string, seconds: number) =>
    execute(
      `insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, run, attempt,
        source_topic, source_offset, answers, failures, decision, decided_at)
      values (?, 'a', ?, ?, now() + ? * interval '1 second', now(), 1, 0, 'requests', 1, '{}', '[]', 'result', now())`,
      [randomUUID(), SITE, reason, seconds],
    )
  await end('imported', -60)
  await end('artwork', 0)
  expect(await shown()).toContain('not applied yet')
  await end('verdict', 0)
  expect(await shown()).toMatch(/; Amazon does not know this ASIN on www\.amazon\.ca$/)
  expect((await review('undo', 'a', added))[0]).toMatch(`taken back: ${added} (was accepted by alice`)
  expect(await shown()).toBeUndefined()
})

test('that the lane is paused or held is said with a decision, which follows once it goes on', async () => {
  const { db, review, worker } = await createWaiting()
  const last = async () => (await review('accept', 'a', '1')).slice(1)
  const show = '`review show a` says when it is applied'
  expect(await last()).toEqual([expect.stringMatching(/; its result follows within seconds$/), show])
  const since = '2026-01-02T03:04:05.000Z'
  await storeHolds(db, worker, [{ cause: 'AMAZON_THROTTLED', message: 'm', remedy: 'r', since }], [])
  expect((await last())[0]).toContain(`once the lane goes on: it is held for AMAZON_THROTTLED since ${since}`)
  await setLaneState(db, [worker], { state: 'paused', accept: false, changedBy: 'root' })
  expect((await last())[0]).toMatch(/; its result follows once the lane goes on: it is paused by root since 20\S+Z$/)
})
