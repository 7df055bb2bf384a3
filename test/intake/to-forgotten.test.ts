import kafkajs from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { anAlbum, createScenario, encodeAlbum, type Scenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'

/** All in one partition, so that they have an order. */
const tombstoneOf = (key: string) => ({ partition: 0, key, value: null })

const sendBehind = async ({ env, send }: Scenario) =>
  send(env.TOPIC_IMPORTED, { partition: 0, ...(await encodeAlbum(env, anAlbum('behind'))) })

/** What intake makes of albums. */
async function readRequests({ env }: Scenario) {
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  return requests
}

test('a tombstone whose time is none is heeded, and shown, as any other', async () => {
  const scenario = await createScenario()
  const { env, start, send, dead } = scenario
  const kafka = createKafka(env.KAFKA_BROKERS.split(','), env.KAFKA_GROUP_PREFIX, createLogger('fatal'))
  // As brokers before 4.0 have it by themselves.
  const configEntries = [{ name: 'message.timestamp.after.max.ms', value: String(2n ** 63n - 1n) }]
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: env.TOPIC_IMPORTED, configEntries }
  await withAdmin(kafka, (admin) => admin.alterConfigs({ validateOnly: false, resources: [resource] }))
  const odd = { beforeYear1: -62_200_000_000_000n, least: -(2n ** 61n), microseconds: 1_796_000_000_000_000n }
  await expect
    .poll(async () => {
      const messages = Object.entries(odd).map(([key, ms]) => ({ ...tombstoneOf(key), timestamp: String(ms) }))
      return send(env.TOPIC_IMPORTED, ...messages).then(() => 'taken', String)
    })
    .toBe('taken')
  const shown = await runVerb(env, 'show', 'microseconds', '--json')
  expect(shown.status, shown.output).toBe(0)
  expect(JSON.parse(shown.output).waiting).toMatchObject([{ since: '1970-01-01T00:00:00.000Z' }])

  await sendBehind(scenario)
  const intake = start('intake')
  const requests = await readRequests(scenario)
  await requests.waitFor((records) => records.some(({ key }) => key === 'behind'), 'the album behind them')
  expect(await intake.stop()).toBe(0)
  expect(intake.logs.filter(({ msg }) => msg === 'tombstone skipped').map(({ key }) => key)).toEqual(Object.keys(odd))
  expect(await dead.readToEnd()).toEqual([])
})

test('a tombstone that PostgreSQL does not take, also when asked again, becomes a dead letter, and those around it are heeded', async () => {
  const scenario = await createScenario()
  const { env, start, send, dead } = scenario
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const sql = (text: string) => db.query((em) => em.execute<{ album_id: string }[]>(text))
  await sql('create sequence tries')
  await sql(`
    create function refuse() returns trigger language plpgsql as
      $$ begin
        if new.album_id = 'odd' or nextval('tries') < 4 then raise exception 'not this one' using errcode = '22000'; end if;
        return new;
      end $$`)
  await sql(`
    create trigger refuse before insert on forgotten for each row when (new.album_id in ('odd', 'shaky')) execute function refuse()`)
  await send(env.TOPIC_IMPORTED, ...['1', '2', 'odd', '3', 'shaky'].map(tombstoneOf))
  await sendBehind(scenario)
  const intake = start('intake')
  const requests = await readRequests(scenario)
  await requests.waitFor((records) => records.some(({ key }) => key === 'behind'), 'the album behind them')
  expect(await intake.stop()).toBe(0)

  const letters = await dead.readToEnd()
  expect(letters.map(({ key, value }) => [key, value])).toEqual([['odd', null]])
  expect(letters[0]?.headers).toMatchObject({
    'enricher-stage': 'intake',
    'enricher-error-code': 'DATA_REFUSED',
    'enricher-error-message': expect.stringContaining('not this one'),
  })
  const forgotten = await sql('select album_id from forgotten order by album_id')
  expect(forgotten.map(({ album_id }) => album_id)).toEqual(['1', '2', '3', 'shaky'])
  const retried = await runVerb(env, 'dead', 'retry', '--all')
  expect(retried.output).toContain('album-enricher forget')
})

test('an import behind a forgetting is enriched, though that was told by a clock that was ahead', async () => {
  const scenario = await createScenario()
  const { env, start, publish, results } = scenario
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  // As by an intake, or a `forget`, of a build before on a host that was ahead.
  await db.query((em) => em.execute(`insert into forgotten values ('1', clock_timestamp() + interval '10 minutes')`))
  await publish(anAlbum('1'))
  const service = start('intake', 'worker')
  await results.waitFor((records) => records.some(({ key }) => key === '1'), 'its result')
  expect(await service.stop()).toBe(0)
})
