import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { countReviews, listReviews } from '../../src/ops/list-reviews.ts'
import { SAVE_CANDIDATES } from '../../src/worker/ledger/statements.ts'
import { NOW, openLedger } from '../stack/a-ledger.ts'

const SITE = 'www.amazon.ca'
const WAITING = 25
const LINKED = 5

/** Albums that wait, the one with the highest number for longest; the first ones are linked by another candidate. */
async function fill(db: Database): Promise<void> {
  const execute = (sql: string) => db.query((em) => em.execute(sql))
  await execute(`
    insert into album (album_id, facts, imported_at)
    select 'a' || i, jsonb_build_object('title', 'Title ' || i, 'artists', '[{"name": "A"}, {"name": "B"}]'::jsonb), now()
    from generate_series(1, ${WAITING + LINKED}) i`)
  await execute(`
    insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
    select 'a' || i, '${SITE}', 'B' || n, '{}', case when n = 3 then 'reject' else 'open' end, 'rules', '[]', 'because',
      gen_random_uuid(), to_timestamp(${NOW / 1_000}) - i * interval '1 hour' + n * interval '1 minute'
    from generate_series(1, ${WAITING + LINKED}) i, generate_series(1, 3) n`)
  await execute(`
    insert into external_link (album_id, marketplace, asin, url, title, decided_by, reason, request_id, updated_at, withdrawn_at)
    select 'a' || i, '${SITE}', 'B9', 'url', 'title', 'rules', 'because', gen_random_uuid(), now(),
      case when i > ${LINKED} then now() end
    from generate_series(1, ${LINKED + 1}) i`)
}

test('no more albums are told than wanted, the longest waiting first, and how many there are', async () => {
  const { db } = await openLedger()
  expect(await listReviews(db, { all: true, limit: 10 })).toEqual({ items: [], total: 0 })
  await fill(db)
  const { items, total } = await listReviews(db, { all: false, limit: 10 })
  expect(total).toBe(WAITING)
  expect(items.map(({ albumId }) => albumId)).toEqual(Array.from({ length: 10 }, (_, index) => `a${30 - index}`))
  expect(items[0]).toEqual({
    ...{ albumId: 'a30', marketplace: SITE, title: 'Title 30', artists: 'A, B', open: 2, isLinked: false },
    since: new Date(NOW - 30 * 3_600_000 + 60_000).toISOString(),
  })
  const whole = await listReviews(db, { all: true, limit: 1_000 })
  expect([whole.items.length, whole.total]).toEqual([WAITING + LINKED, WAITING + LINKED])
  expect(whole.items.filter(({ isLinked }) => isLinked).length).toBe(LINKED)
})

test('those are counted that have no link, from the oldest', async () => {
  const { db } = await openLedger()
  expect(await countReviews(db, SITE)).toEqual({ open: 0, oldest: null })
  await fill(db)
  expect(await countReviews(db, SITE)).toEqual({ open: WAITING, oldest: NOW - 30 * 3_600_000 + 60_000 })
  expect(await countReviews(db, 'www.amazon.de'), "another lane's are its own").toEqual({ open: 0, oldest: null })
})

const HOUR = 3_600_000

test('an album waits since its oldest candidate became open, whatever was found of it since', async () => {
  const { db } = await openLedger()
  await db.query((em) => em.execute(`insert into album (album_id, facts, imported_at) values ('a', '{}', now())`))
  const judge = async (verdicts: Record<string, string>, hour: number) => {
    const candidates = Object.entries(verdicts).map(([asin, verdict]) => ({
      ...{ asin, verdict, product: {}, decided_by: 'rules', score: null, parts: [], reason: 'because' },
      ...{ model_name: null, prompt_version: null },
    }))
    const owner = { album_id: 'a', request_id: randomUUID(), at: new Date(NOW + hour * HOUR).toISOString() }
    await db.run(SAVE_CANDIDATES, [JSON.stringify([{ ...owner, brought: Object.keys(verdicts), candidates }]), SITE])
    return ((await countReviews(db, SITE)).oldest ?? Number.NaN) - NOW
  }
  expect(await judge({ B1: 'open', B2: 'open' }, 1)).toBe(HOUR)
  expect(await judge({ B1: 'open', B2: 'reject' }, 2)).toBe(HOUR)
  expect(await judge({ B1: 'reject', B2: 'open' }, 3), 'open once more').toBe(3 * HOUR)
  expect(await judge({ B2: 'open' }, 4)).toBe(3 * HOUR)
  // As a build before 0.2.0 has left it.
  await db.query((em) => em.execute('update candidate set open_since = null'))
  expect(await judge({ B2: 'open', B3: 'open' }, 5)).toBe(4 * HOUR)
  expect(await judge({ B2: 'open', B3: 'open' }, 6)).toBe(4 * HOUR)
})

test('an album does not wait for a verdict that is only not applied yet', async () => {
  const { db } = await openLedger()
  await fill(db)
  const decide = (asin: string) =>
    db.query((em) =>
      em.execute(
        `insert into person_verdict (album_id, marketplace, asin, verdict, decided_by, decided_at)
          values ('a30', '${SITE}', ?, 'reject', 'me', now())`,
        [asin],
      ),
    )
  await decide('B1')
  const [first] = (await listReviews(db, { all: false, limit: 1 })).items
  expect(first).toMatchObject({ albumId: 'a30', open: 1, since: new Date(NOW - 30 * HOUR + 120_000).toISOString() })
  await decide('B2')
  expect((await listReviews(db, { all: false, limit: 1 })).items).toMatchObject([{ albumId: 'a29', open: 2 }])
  expect((await countReviews(db, SITE)).open).toBe(WAITING - 1)
})
