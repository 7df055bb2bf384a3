import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { createKafka } from '../../../src/kafka/kafka-client.ts'
import { createMissingTopics } from '../../../src/kafka/topics.ts'
import { createLogger } from '../../../src/log.ts'
import { runVerb } from '../../stack/service-process.ts'
import { createTestEnv } from '../../stack/test-env.ts'

/** `DEAD_LETTERS=150000` is more than a call has room for as arguments. */
const LETTERS = Number(process.env.DEAD_LETTERS ?? 20_000)
const AT_ONCE = 10_000

test(`${LETTERS} dead letters are listed, and those of one code exported`, async () => {
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
  expect([status, lines.length]).toEqual([0, LETTERS + 1])
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
})
