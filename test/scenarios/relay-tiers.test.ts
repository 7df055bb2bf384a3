import { expect, test } from 'vitest'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { aCopy, createRelayScenario } from '../stack/relay-copies.ts'
import { runVerb } from '../stack/service-process.ts'

test('a relay that runs on follows a tier that is added, and says whose topic is missed, and goes on without it', async () => {
  const { env, express, startRelay, send, tier } = await createRelayScenario('1s,3s')
  const relay = await startRelay()
  const lagOf = (label: string) =>
    `album_enricher_consumer_lag_records{group="${env.KAFKA_GROUP_PREFIX}.relay",topic="${tier(label)}",partition="0"} `

  // As a worker with other settings has them.
  const { status } = await runVerb({ ...env, RETRY_DELAYS: '1s,2s,3s' }, 'setup')
  expect(status).toBe(0)
  await send(tier('2s'), aCopy('added', Date.now()))
  await express.waitFor((records) => records.length === 1, 'the copy of the tier that was added')
  await expect.poll(() => relay.metrics(), { interval: 500 }).toContain(lagOf('2s'))

  const kafka = createKafka(env.KAFKA_BROKERS.split(','), 'operator', createLogger('fatal'))
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [tier('2s'), tier('3s')] }))
  await expect.poll(() => relay.metrics(), { interval: 500 }).not.toContain(lagOf('2s'))
  await send(tier('1s'), aCopy('left', Date.now()))
  await express.waitFor((records) => records.length === 2, 'the copy of the tier that is left')
  // Nobody misses the one that came later. Of its own the other one is missed.
  expect((await relay.waitForLog('tiers are missing')).reason).toMatch(`no topic ${tier('3s')} is listed`)
  await expect.poll(async () => (await relay.get('/ready')).text).toContain('TOPIC_WRONG')
  expect(await relay.metrics()).toContain(lagOf('1s'))
  expect(await relay.stop()).toBe(0)
})
