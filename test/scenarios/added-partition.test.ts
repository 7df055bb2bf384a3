import { expect, test } from 'vitest'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

test('what is asked for after somebody has added partitions to the topics of requests is done as well', async () => {
  const { env, start, publish, results } = await createScenario({ MODEL_USE: 'never' })
  const ids = Array.from({ length: 8 }, (_, index) => `album${index}`)
  const worker = start('worker')
  await worker.waitForLog('lane running')
  const former = start('intake')
  await former.waitForLog('partition taken over')
  await publish(...ids.map((id) => anAlbum(id)))
  await results.waitFor((records) => records.length === ids.length, 'the albums imported')

  const kafka = createKafka(env.KAFKA_BROKERS.split(','), 'operator', createLogger('fatal'))
  const topicPartitions = [env.TOPIC_ENRICHMENT, `${env.TOPIC_ENRICHMENT}.express`].map((topic) => ({
    topic,
    count: 4,
  }))
  await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions }))
  const { status, output } = await runVerb(env, 'enrich', ...ids)
  expect(status, output).toBe(0)
  await results.waitFor((records) => records.length === 2 * ids.length, 'the albums asked for')
})
