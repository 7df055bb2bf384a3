import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { readLane } from '../../src/db/lane.ts'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { anAlbum, createScenario, encodeAlbums } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'

const HELD = isHeldFor('intake', 'intake_offset_missing')
const HELD_FOR_OTHER = isHeldFor('intake', 'intake_other_lane')
const PARTITIONS = [0, 1, 2, 3, 4, 5]

/** Intake's own topic and group, and what it makes of albums that are imported to a partition. */
async function createRoom() {
  const { env, start, send } = await createScenario()
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  const importTo = async (partition: number, ...ids: string[]) => {
    const messages = await encodeAlbums(
      env,
      ids.map((id) => anAlbum(id)),
    )
    await send(env.TOPIC_IMPORTED, ...messages.map((message) => ({ ...message, partition })))
  }
  const untilRequested = (...ids: string[]) =>
    expect.poll(() => requests.records.map(({ key }) => key).toSorted()).toEqual(ids)
  const kafka = createKafka(env.KAFKA_BROKERS.split(','), 'operator', createLogger('fatal'))
  return { env, start, requests, kafka, groupId: `${env.KAFKA_GROUP_PREFIX}.intake`, importTo, untilRequested }
}

test("intake's offsets that Kafka has let expire are no reason to request all again", {
  timeout: 120_000,
}, async () => {
  const { env, kafka, groupId, start, importTo, untilRequested } = await createRoom()
  // As a broker does with those of a group that has been empty for a week.
  const expire = () => withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))

  const first = start('intake')
  await importTo(0, '1', '2', '3')
  await untilRequested('1', '2', '3')
  await first.stop()
  await expire()

  const second = start('intake')
  await second.waitForLog(HELD)
  expect(await second.ready()).toMatchObject({ ready: false })
  // Others, where nothing had come yet, go on.
  await importTo(0, '4')
  await importTo(1, '5')
  await untilRequested('1', '2', '3', '5')
  await second.stop()

  // As to where it was, with Kafka's own tool.
  const setTo = (offset: string) =>
    withAdmin(kafka, (admin) =>
      admin.setOffsets({ groupId, topic: env.TOPIC_IMPORTED, partitions: [{ partition: 0, offset }] }),
    )
  await setTo('3')
  const third = start('intake')
  await untilRequested('1', '2', '3', '4', '5')
  await third.stop()

  await expire()
  const fourth = start('intake')
  await fourth.waitForLog(HELD)
  const { output } = await runVerb(env, 'resume', '--accept')
  expect(output).toContain('and intake had come to ')
  await untilRequested('1', '1', '2', '2', '3', '3', '4', '4', '5', '5')
  await fourth.stop()
})

test('a process that was killed may have come further than is known, and is asked for', {
  timeout: 120_000,
}, async () => {
  const { requests, kafka, groupId, start, importTo, untilRequested } = await createRoom()
  const first = start('intake')
  await importTo(0, '1', '2')
  await untilRequested('1', '2')
  first.signal('SIGKILL')
  // Not before its session is over.
  const expire = () => withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).then(() => true)
  await expect.poll(() => expire().catch(() => false)).toBe(true)
  await start('intake').waitForLog(HELD)
  expect(requests.records.length).toBe(2)
})

test("a lane that was given another one's group takes no albums from it, and a lane whose topic is renamed goes on once that is accepted", {
  timeout: 180_000,
}, async () => {
  const { env, groupId, start, requests, importTo, untilRequested } = await createRoom()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const storedHolds = async () => (await readLane(db, groupId)).holds.map(({ cause }) => cause)
  const importToAll = (name: string) =>
    Promise.all(PARTITIONS.map((partition) => importTo(partition, name + partition)))
  const idsOf = (name: string) => PARTITIONS.map((partition) => name + partition)
  const first = start('intake')
  await importTo(0, '1')
  await untilRequested('1')

  env.TOPIC_ENRICHMENT = `${env.KAFKA_GROUP_PREFIX}.others.enrichment`
  expect((await runVerb(env, 'setup')).status).toBe(0)
  const others = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => others.close())
  const second = start('intake')
  const { holds } = await second.waitForLog(HELD_FOR_OTHER)
  expect(JSON.stringify(holds)).toContain(`the group brings requests to ${env.KAFKA_GROUP_PREFIX}.album.enrichment`)
  expect(JSON.stringify(holds)).toContain('KAFKA_GROUP_PREFIX of its own')
  expect(JSON.stringify(holds)).toContain('only where this one belongs here, since the other was first by mistake')
  expect(await second.ready()).toMatchObject({ ready: false })
  await expect.poll(storedHolds).toEqual(['intake_other_lane'])
  await importToAll('a')
  await expect.poll(() => requests.records.length).toBeGreaterThan(1)
  await second.stop()
  // It ended held, and the one that goes on was at work before.
  await expect.poll(storedHolds).toEqual([])
  await untilRequested('1', ...idsOf('a'))
  expect(await others.readToEnd()).toEqual([])
  await first.stop()

  const renamed = start('intake')
  await renamed.waitForLog(HELD_FOR_OTHER)
  await runVerb(env, 'resume', '--accept')
  await importToAll('b')
  await expect.poll(() => others.records.map(({ key }) => key).toSorted()).toEqual(idsOf('b'))
  await renamed.stop()
  const again = start('intake')
  await importToAll('c')
  await expect.poll(() => others.records.map(({ key }) => key).toSorted()).toEqual([...idsOf('b'), ...idsOf('c')])
  await again.stop()
  expect(requests.records.length).toBe(1 + PARTITIONS.length)
})
