import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario, encodeAlbums, type Scenario } from '../stack/scenario.ts'
import type { ServiceProcess } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'

const PARTITIONS = [0, 1, 2, 3, 4, 5]
const STUCK = 0
const ROUNDS = 5

/** Shuts out whoever has a partition, again and again, as its transactions fail that a broker cannot end. */
function keepFencing({ env }: Scenario, transactionalId: string): () => Promise<void> {
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const stopping = new AbortController()
  const fencing = (async () => {
    while (!stopping.signal.aborted) {
      const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, retry: { initialRetryTime: 5 } })
      await producer.connect()
      const transaction = await producer.transaction().catch(() => undefined)
      await transaction?.abort().catch(() => undefined)
      await producer.disconnect()
    }
  })()
  const stop = () => {
    stopping.abort()
    return fencing
  }
  onTestFinished(stop)
  return stop
}

test('a partition that cannot be kept holds up no other of its member, nor of its group', async () => {
  const scenario = await createScenario()
  const { env, start, send } = scenario
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  const services = [start('intake'), start('intake')]
  for (const service of services) await service.waitForLog('service running')
  const stop = keepFencing(scenario, `${env.KAFKA_GROUP_PREFIX}.intake.${env.TOPIC_IMPORTED}.${STUCK}`)

  const ofOthers = () => requests.records.filter(({ key }) => !key?.endsWith(`-${STUCK}`))
  for (let round = 1; round <= ROUNDS; round += 1) {
    const albums = PARTITIONS.map((partition) => anAlbum(`${round}-${partition}`))
    const messages = await encodeAlbums(env, albums)
    await send(env.TOPIC_IMPORTED, ...messages.map((message, partition) => ({ ...message, partition })))
    await requests.waitFor(() => ofOthers().length === round * (PARTITIONS.length - 1), 'all other partitions')
  }
  await expect.poll(() => toldOf(services, 'partition will be taken over again')).not.toEqual([])
  await stop()
  await requests.waitFor((records) => records.length === ROUNDS * PARTITIONS.length, 'the partition that is let alone')
  expect(new Set(requests.records.map(({ key }) => key)).size).toBe(ROUNDS * PARTITIONS.length)
  expect(toldOf(services, 'consumer ended and will start again')).toEqual([])
})

function toldOf(services: ServiceProcess[], text: string) {
  return services.flatMap(({ logs }) => logs.filter(({ msg }) => msg === text))
}
