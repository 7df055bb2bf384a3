import kafkajs, { Kafka, logLevel, type Message } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { PeakMemory } from '../demo/peak-memory.ts'
import { hostileRecords } from '../stack/hostile-records.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { watchLive } from '../stack/watch-live.ts'

installCodecs()

/** More than 1 where the machine is busy with other things. */
const PATIENCE = Number(process.env.PATIENCE ?? 1)

test('no record takes the service down, slows it or fills its memory, on any topic, and the good album behind it is done', {
  timeout: 400_000,
}, async () => {
  const scenario = await createScenario({ RETRY_DELAYS: '1s', FLOOD_DEAD_LETTERS: '10000', LOG_LEVEL: 'info' })
  const { env, start, publish, results, dead } = scenario
  const service = start()
  await publish(anAlbum('first'))
  await results.waitFor((records) => records.length > 0, 'the first result', 120_000)
  const { port } = await service.waitForLog('service starting')
  const endWatch = watchLive(`http://127.0.0.1:${port}/live`)
  const memory = new PeakMemory(service.pid)
  const send = await openSender(env)

  const { TOPIC_IMPORTED, TOPIC_ENRICHMENT } = env
  let good = 1
  for (const topic of [TOPIC_IMPORTED, ...['', '.express', '.retry.1s'].map((end) => TOPIC_ENRICHMENT + end)]) {
    const { hostile, toGood } = await hostileRecords(env, topic !== TOPIC_IMPORTED)
    for (const { name, message, compression } of hostile) {
      const [results0, dead0] = [results.records.length, dead.records.length]
      await send(topic, message, compression)
      await send(topic, await toGood(`good-${good++}`), kafkajs.CompressionTypes.None)
      const what = `${name} on ${topic}`
      await Promise.all([
        dead.waitFor((records) => records.length > dead0, `the dead letter of ${what}`, 30_000),
        results.waitFor((records) => records.length > results0, `the good album behind ${what}`, 30_000),
      ])
    }
  }

  const longestMs = await endWatch()
  const peakMb = memory.stop()
  console.info(`longest wait for /live ${Math.round(longestMs)} ms; peak memory ${peakMb} MB`)
  const codes = dead.records.map(({ headers }) => headers['enricher-error-code'])
  expect([...new Set(codes)].sort()).toEqual(['RECORD_INVALID', 'RECORD_TOO_LARGE', 'RECORD_UNDECODABLE'])
  expect(await service.stop(), service.tail()).toBe(0)
  expect(longestMs).toBeLessThan(2_000 * PATIENCE)
  expect(peakMb).toBeLessThan(400)
  const pointer = dead.records.find(({ headers }) => headers['enricher-batch-records'] !== undefined)
  expect(pointer?.headers).toMatchObject({
    'enricher-original-topic': TOPIC_IMPORTED,
    'enricher-original-offset': expect.stringMatching(/^\d+$/),
    'enricher-batch-records': '1',
    'enricher-error-code': 'RECORD_TOO_LARGE',
    'enricher-value-bytes': expect.stringMatching(/^\d+$/),
    'enricher-value-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

async function openSender(env: Scenario['env']) {
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  return async (topic: string, message: Message, compression: kafkajs.CompressionTypes) => {
    await producer.send({ topic, messages: [{ ...message, partition: 0 }], compression })
  }
}
