import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { createKafka, withAdmin } from '../../../src/kafka/kafka-client.ts'
import { createMissingTopics } from '../../../src/kafka/topics.ts'
import { createLogger } from '../../../src/log.ts'
import { DeadLetterCount } from '../../../src/ops/dead-letter-count.ts'
import { runVerb } from '../../stack/service-process.ts'
import { createTestEnv } from '../../stack/test-env.ts'

/** `DEAD_LETTERS=150000` is more than a call has room for as arguments. */
const LETTERS = Number(process.env.DEAD_LETTERS ?? 20_000)
const AT_ONCE = 10_000
const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const run = promisify(execFile)

/** A dead-letter topic of its own, its database, and who writes to it. */
async function createDeadLetters() {
  const env = await createTestEnv()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  const topic = `${env.TOPIC_ENRICHMENT}.dead`
  const kafka = createKafka(env.KAFKA_BROKERS.split(','), topic, createLogger('fatal'))
  await createMissingTopics(kafka, [{ topic, partitions: 1, keepsForever: true, mustHaveOnePartition: true }])
  const producer = kafka.producer()
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  return { env, db, kafka, topic, producer }
}

test(`${LETTERS} dead letters are listed, and those of one code exported`, async () => {
  const { env, topic, producer } = await createDeadLetters()
  for (let from = 0; from < LETTERS; from += AT_ONCE) {
    const messages = Array.from({ length: AT_ONCE }, (_, index) => ({
      key: `album-${from + index}`,
      value: 'none',
      headers: { 'enricher-error-code': from + index < 2 ? 'INTERNAL' : 'RECORD_INVALID' },
    }))
    await producer.send({ topic, messages })
  }

  const { status, output } = await runVerb(env, 'dead', 'list')
  const lines = output.split('\n')
  expect(status, output.slice(-500)).toBe(0)
  expect(lines.length).toBe(LETTERS + 1)
  expect(lines.at(-1)).toContain(`album-${LETTERS - 1}`)

  const folder = mkdtempSync(join(tmpdir(), 'dead-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'dead.jsonl')
  expect(await runVerb(env, 'dead', 'export', file, '--code', 'INTERNAL')).toEqual({
    status: 0,
    output: `2 dead letters written to ${file}`,
  })
  const exported = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(exported.map((line) => JSON.parse(line))).toMatchObject([
    { albumId: 'album-0', code: 'INTERNAL', value: Buffer.from('none').toString('base64') },
    { albumId: 'album-1' },
  ])

  // The text itself is the output: what tells of it stands beside.
  const inShell = { HOME: process.env.HOME, ...env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  const streamed = join(folder, 'streamed.jsonl')
  const script = `"$0" dead export /dev/stdout --code INTERNAL > "$1"`
  const { stdout, stderr } = await run('sh', ['-c', script, CLI, streamed], { env: inShell })
  expect([stdout, stderr]).toEqual(['', '2 dead letters written to /dev/stdout\n'])
  expect(readFileSync(streamed, 'utf8')).toBe(readFileSync(file, 'utf8'))
  const piped = await run('sh', ['-c', '"$0" dead export /dev/stdout --code INTERNAL | cat', CLI], { env: inShell })
  expect(piped.stdout).toBe(readFileSync(file, 'utf8'))

  // What was done before one that cannot be is told.
  const deleted = await runVerb(env, 'dead', 'delete', '0:0', `0:${LETTERS}`)
  expect([deleted.status, deleted.output.split('\n')]).toEqual([
    1,
    expect.arrayContaining([
      '1 deleted: 0:0',
      expect.stringContaining(`no unhandled dead letter is called 0:${LETTERS}`),
    ]),
  ])
})

test('a code that nobody has is a mistake, and so are ids beside a code', async () => {
  const { env, topic, producer } = await createDeadLetters()
  const headers = { 'enricher-error-code': 'CODE_OF_ANOTHER_BUILD' }
  await producer.send({ topic, messages: [{ key: '1', value: 'none', headers }] })
  const list = (code: string) => runVerb(env, 'dead', 'list', '--code', code)
  expect(await list('AMAZON_UNAVAILABLE')).toEqual({ status: 0, output: 'no dead letters' })
  expect(await list('CODE_OF_ANOTHER_BUILD')).toMatchObject({ status: 0, output: expect.stringContaining('0:0') })
  expect(await list('AMAZN_UNAVAILABLE')).toEqual({
    status: 2,
    output: expect.stringMatching(
      /^--code: got AMAZN_UNAVAILABLE, .*: it is perhaps AMAZON_UNAVAILABLE.*\(CONFIG_INVALID\)$/,
    ),
  })
  expect((await list('X')).output).toContain('see `album-enricher dead list`')
  const deleted = (...rest: string[]) => runVerb(env, 'dead', 'delete', ...rest)
  expect(await deleted('--code', 'CODE_OF_ANOTHER')).toMatchObject({
    status: 2,
    output: expect.stringContaining('it is perhaps CODE_OF_ANOTHER_BUILD'),
  })
  for (const beside of [['--code', 'INTERNAL'], ['--all']])
    expect(await deleted('0:0', ...beside)).toEqual({ status: 2, output: expect.stringContaining('not two of them') })
  expect((await list('CODE_OF_ANOTHER_BUILD')).output).toContain('0:0')
})

test('a mark from before a topic was made anew is of another letter', async () => {
  const { env, db, kafka, topic, producer } = await createDeadLetters()
  await producer.send({ topic, messages: ['old', 'marked', 'new'].map((key) => ({ key, value: 'none' })) })
  const mark = (offset: number, at: string) =>
    db.query((em) =>
      em.execute(
        `insert into dead_letter_mark (topic, partition, "offset", action, is_sent, marked_by, marked_at)
        values (?, 0, ?, 'deleted', true, 'somebody', now() + ?::interval)`,
        [topic, offset, at],
      ),
    )
  await mark(0, '-1 hour')
  await mark(1, '1 second')
  const count = new DeadLetterCount({ kafka, db, topic })
  onTestFinished(() => count.close())
  expect(await count.read()).toEqual(new Map([['UNKNOWN', 2]]))

  const list = async () => JSON.parse((await runVerb(env, 'dead', 'list', '--json')).output).deadLetters
  expect(await list()).toMatchObject([{ id: '0:0' }, { id: '0:2' }])
  expect((await runVerb(env, 'dead', 'delete', '0:0')).output).toBe('1 deleted: 0:0')
  expect(await list()).toMatchObject([{ id: '0:2' }])
  expect(await count.read()).toEqual(new Map([['UNKNOWN', 1]]))
})

test('marks of letters that the topic has no more are deleted, and those of others stay', async () => {
  const { db, kafka, topic, producer } = await createDeadLetters()
  await producer.send({ topic, messages: ['first', 'second', 'third'].map((key) => ({ key, value: 'none' })) })
  await db.query((em) =>
    em.execute(
      `insert into dead_letter_mark (topic, partition, "offset", action, is_sent, marked_by, marked_at)
      select topic, 0, i, 'deleted', true, 'somebody', now() + interval '1 hour'
      from unnest(array[?, 'another']) topic, generate_series(0, 1) i`,
      [topic],
    ),
  )
  const count = new DeadLetterCount({ kafka, db, topic })
  onTestFinished(() => count.close())
  const marks = async () =>
    db.query((em) => em.execute('select topic, "offset"::int from dead_letter_mark order by 1, 2'))
  expect(await count.read()).toEqual(new Map([['UNKNOWN', 1]]))
  expect(await marks()).toHaveLength(4)
  await withAdmin(kafka, async (admin) => {
    // KafkaJS deletes only from topics that it has asked about before.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] })
  })
  expect(await count.read()).toEqual(new Map([['UNKNOWN', 1]]))
  expect(await marks()).toEqual([
    { topic: 'another', offset: 0 },
    { topic: 'another', offset: 1 },
    { topic, offset: 1 },
  ])
})
