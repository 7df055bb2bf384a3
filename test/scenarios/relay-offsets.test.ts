import { expect, test } from 'vitest'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { aCopy, createRelayScenario } from '../stack/relay-copies.ts'
import { runVerb } from '../stack/service-process.ts'

const GONE = 'the group has no offset any more'

test("the relay's offsets that Kafka has let expire are no reason to move all copies again, unless their topic was made anew", async () => {
  const { env, express, startRelay, send, tier } = await createRelayScenario('1s')
  const topic = tier('1s')
  const kafka = createKafka(env.KAFKA_BROKERS.split(','), 'operator', createLogger('fatal'))
  // As a broker does with those of a group that has been empty for a week.
  const expire = () => withAdmin(kafka, (admin) => admin.deleteGroups([`${env.KAFKA_GROUP_PREFIX}.relay`]))
  const sendAll = (...keys: string[]) => send(topic, ...keys.map((key) => aCopy(key, Date.now())))
  const moved = () => express.records.map(({ key }) => key)

  const first = await startRelay()
  await sendAll('1', '2', '3')
  await expect.poll(moved).toEqual(['1', '2', '3'])
  expect(await first.stop()).toBe(0)
  expect(first.output.join()).not.toContain(GONE)
  await expire()

  const second = await startRelay()
  expect(await second.waitForLog(GONE)).toMatchObject({ topic, position: '3', remembered: '3', isSameLog: true })
  await sendAll('4')
  await expect.poll(moved).toEqual(['1', '2', '3', '4'])
  expect(await second.stop()).toBe(0)
  await expire()

  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))
  expect((await runVerb(env, 'setup')).status).toBe(0)
  await sendAll('a', 'b', 'c', 'd', 'e')
  const third = await startRelay()
  expect(await third.waitForLog(GONE)).toMatchObject({ topic, position: '0', remembered: '4', isSameLog: false })
  await expect.poll(moved).toEqual(['1', '2', '3', '4', 'a', 'b', 'c', 'd', 'e'])
  expect(await third.stop()).toBe(0)
})
