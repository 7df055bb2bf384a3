import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import kafkajs, { Kafka, logLevel, type Message } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { writeNullHeaders } from '../../src/kafka/patches/null-headers.ts'
import { createBrewer, good, ID_HEADER, type Place, type PoisonPlan, poison } from '../stack/poison.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import type { ReadRecord } from '../stack/topic-reader.ts'

writeNullHeaders()

const RUNS = 5
const RECORDS = 500
/** KafkaJS sends what it is given in one batch, and topics take 1 MB. */
const BATCH = { records: 50, bytes: 500_000 }

test('whatever anybody puts on any topic becomes a dead letter, a result or a counted skip, and the good records between have their results', async () => {
  const scenario = await createScenario({
    RETRY_DELAYS: '1s,2s',
    RETRY_DEADLINE_HOURS: '0',
    FLOOD_DEAD_LETTERS: '10000',
    ARTWORK: 'link',
    LOG_LEVEL: 'info',
  })
  const { env, start, results, dead, publish } = scenario
  const producer = await createProducer(env)
  const brew = await createBrewer(env)
  const services = [start('intake', 'relay'), start('worker')]
  await publish(anAlbum('first'))
  await results.waitFor((records) => records.length > 0, 'the first result')

  let tombstones = 0
  const kinds = fc.oneof({ weight: 94, arbitrary: poison }, { weight: 6, arbitrary: good })
  const batches = fc.array(kinds, { minLength: RECORDS, maxLength: RECORDS })
  const feed = async (plans: PoisonPlan[]) => {
    const fed = await Promise.all(
      plans.map(async (plan) => {
        const id = randomUUID()
        return { plan, id, message: await brew(plan, id) }
      }),
    )
    for (const place of PLACES) {
      const messages = fed.filter(({ plan }) => plan.place === place).map(({ message }) => message)
      await producer.send(topicOf(env, place), messages)
    }
    const open = new Map<string, PoisonPlan>(fed.map(({ plan, id }) => [id, plan]))
    for (const { plan, id } of fed) {
      // Counted, and nothing else.
      if (plan.place === 'imported' && plan.body.kind === 'no value' && open.delete(id)) tombstones += 1
    }
    const isOver = (records: ReadRecord[]) => {
      for (const record of records.slice(-RECORDS)) open.delete(identityOf(record) ?? '')
      return open.size === 0
    }
    const ends = [dead.waitFor(isOver, 'an end of each', 60_000), results.waitFor(isOver, 'an end of each', 60_000)]
    await Promise.race(ends).catch((error) => {
      throw new Error(`${JSON.stringify([...open.values()]).slice(0, 2_000)} came to no end`, { cause: error })
    })
    for (const reader of [results, dead]) await reader.readToEnd()
    expectOneEach(scenario, fed)
  }
  await fc.assert(fc.asyncProperty(batches, feed), { numRuns: RUNS, endOnFailure: true, verbose: 0 })

  const [intake, worker] = services
  // Nothing else tells of the last of them.
  const counted = async () => {
    const lines = ((await intake?.metrics()) ?? '').matchAll(/^album_enricher_tombstones_total\{.*\} (\d+)$/gm)
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
  }
  await expect.poll(counted).toBe(tombstones)
  const held = services.flatMap(({ logs }) => logs.filter(({ msg }) => msg === 'lane held'))
  expect(held.map(({ holds }) => holds)).toEqual([])
  for (const service of services) expect(await service.stop(), service.tail()).toBe(0)
  const codes = Object.groupBy(dead.records, ({ headers }) => headers['enricher-error-code'] ?? '')
  console.info(
    Object.entries(codes)
      .map(([code, letters]) => `${code} ${letters?.length}`)
      .join(', '),
  )
  // Nothing that a record says is a fault of ours.
  expect(codes.INTERNAL?.map(({ headers }) => headers['enricher-error-message'])).toBe(undefined)
  expect(worker?.output).toEqual([])
}, 400_000)

const PLACES: Place[] = ['imported', 'enrichment', 'express', 'first retry', 'second retry']

function topicOf({ TOPIC_IMPORTED, TOPIC_ENRICHMENT }: Scenario['env'], place: Place): string {
  return {
    imported: TOPIC_IMPORTED,
    enrichment: TOPIC_ENRICHMENT,
    express: `${TOPIC_ENRICHMENT}.express`,
    'first retry': `${TOPIC_ENRICHMENT}.retry.1s`,
    'second retry': `${TOPIC_ENRICHMENT}.retry.2s`,
  }[place]
}

const identityOf = ({ headers, key }: ReadRecord) => headers[ID_HEADER] ?? key

function expectOneEach({ results, dead }: Scenario, fed: { plan: PoisonPlan; id: string }[]): void {
  const enriched = Map.groupBy(results.records, identityOf)
  const givenUp = Map.groupBy(dead.records, identityOf)
  const countOf = (ends: Map<string | null, ReadRecord[]>, id: string) => ends.get(id)?.length ?? 0
  const doubled = fed.filter(({ id }) => countOf(enriched, id) + countOf(givenUp, id) > 1)
  expect(doubled.map(({ plan }) => plan)).toEqual([])
  const missing = fed.filter(({ plan, id }) => plan.body.kind === 'good' && countOf(enriched, id) !== 1)
  expect(missing.map(({ plan, id }) => [plan, givenUp.get(id)?.[0]?.headers])).toEqual([])
}

async function createProducer(env: Scenario['env']) {
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  const { GZIP, None } = kafkajs.CompressionTypes
  return {
    async send(topic: string, messages: Message[]): Promise<void> {
      let batch: Message[] = []
      let batchBytes = 0
      const flush = async () => {
        if (batch.length > 0) await producer.send({ topic, messages: batch })
        batch = []
        batchBytes = 0
      }
      for (const message of messages) {
        const headers = Object.values(message.headers ?? {}).flat()
        const bytes = [message.value, ...headers].reduce((sum, part) => sum + (part?.length ?? 0), 0)
        if (batch.length >= BATCH.records || batchBytes + bytes > BATCH.bytes) await flush()
        if (bytes > BATCH.bytes) {
          // A large one goes alone, and such as fits only when it is compressed goes compressed.
          await producer.send({ topic, messages: [message], compression: bytes > 1_048_576 ? GZIP : None })
          continue
        }
        batch.push(message)
        batchBytes += bytes
      }
      await flush()
    },
  }
}
