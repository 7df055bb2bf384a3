import { expect, onTestFinished, test, vi } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

vi.setConfig({ testTimeout: 240_000 })

const IDS = ['1', '2', '3', '4']

/** What happens to Kafka or PostgreSQL while the service is stopped. */
interface Accident {
  cause: string
  /** What `status` must say of it. */
  message: RegExp
  /** Before the last two albums are enriched. */
  prepare?(world: World): Promise<void>
  happen(world: World): Promise<void>
  /** Albums that come out once more after it is accepted. */
  again: string[]
}

interface World {
  scenario: Scenario
  sql(text: string): Promise<unknown>
  admin: (work: Parameters<typeof withAdmin>[1]) => Promise<unknown>
  group: string
  topic: string
}

function openWorld(scenario: Scenario): World {
  const { env } = scenario
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const kafka = createKafka([env.KAFKA_BROKERS], 'accident', createLogger('fatal'))
  return {
    scenario,
    sql: (text) => db.query((em) => em.execute(text)),
    admin: (work) => withAdmin(kafka, work),
    group: `${env.KAFKA_GROUP_PREFIX}.worker`,
    topic: env.TOPIC_ENRICHMENT,
  }
}

const setOffset = ({ admin, group: groupId, topic }: World, offset: string) =>
  admin((it) => it.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset }] }))

const ACCIDENTS: Accident[] = [
  {
    cause: 'other_cluster',
    message: /PostgreSQL knows Kafka cluster elsewhere, and this is \S+/,
    happen: async ({ sql }) => void (await sql(`update lane set cluster_id = 'elsewhere'`)),
    again: [],
  },
  {
    cause: 'offset_below_log',
    message: /the group stands at 0, and the log begins at \d+: requests were deleted/,
    async happen(world) {
      const { admin, topic } = world
      const partitions = [{ partition: 0, offset: String(await offsetOf(world, '3')) }]
      await admin(async (it) => {
        await it.fetchTopicMetadata({ topics: [topic] })
        await it.deleteTopicRecords({ topic, partitions })
      })
      await setOffset(world, '0')
    },
    again: ['3', '4'],
  },
  {
    cause: 'offset_beyond_log',
    message: /the group stands at 1000, and the log ends at \d+: it is another log/,
    happen: async (world) => void (await setOffset(world, '1000')),
    again: IDS,
  },
  {
    cause: 'offset_missing',
    message: /the group has no offset, and the lane had come to \d+/,
    happen: async ({ admin, group }) => void (await admin((it) => it.deleteGroups([group]))),
    again: [],
  },
  {
    cause: 'database_behind',
    message: /Kafka has commit \d+ of the lane, and PostgreSQL knows none after \d+: the database was put back/,
    async prepare({ sql }) {
      for (const table of ['lane', 'enrichment']) await sql(`create table backup_${table} as select * from ${table}`)
    },
    async happen({ sql }) {
      for (const table of ['lane', 'enrichment'])
        await sql(`delete from ${table}; insert into ${table} select * from backup_${table}`)
    },
    again: [],
  },
]

/** Where the request for an album stands. */
async function offsetOf({ scenario, sql }: World, albumId: string): Promise<bigint> {
  const rows = (await sql(`select source_offset from enrichment where album_id = '${albumId}'`)) as {
    source_offset: string
  }[]
  expect(rows.length, scenario.env.KAFKA_GROUP_PREFIX).toBe(1)
  return BigInt(rows[0]?.source_offset ?? 0)
}

test.each(ACCIDENTS)(
  '$cause: the lane is held, tells why and what to do, and goes on right once a person accepts it',
  async ({ cause, message, prepare, happen, again }) => {
    const scenario = await createScenario()
    const { env, start, publish, results } = scenario
    const world = openWorld(scenario)
    const enrich = async (...ids: string[]) => {
      const seen = results.records.length
      const service = start()
      for (const [index, id] of ids.entries()) {
        await publish(anAlbum(id))
        await results.waitFor((records) => records.length > seen + index, `the result of ${id}`)
      }
      expect(await service.stop()).toBe(0)
    }
    if (prepare === undefined) await enrich(...IDS)
    else {
      await enrich('1', '2')
      await prepare(world)
      await enrich('3', '4')
    }
    await happen(world)

    const held = start()
    await held.waitForLog((line) => line.msg === 'lane held' && String(line.causes) === cause)
    await publish(anAlbum('5'))
    let told = ''
    const status = async () => {
      told = (await runVerb(env, 'status')).output
      return told
    }
    await expect.poll(status).toMatch(message)
    expect(told).toMatch(/^the lane is held$/m)
    expect(told.match(/held for \S+ since/g)).toEqual([`held for ${cause} since`])
    expect(told).toMatch(/what to do: .*resume --accept/)
    // Resuming alone changes nothing: it takes a person who has read the remedy.
    expect((await runVerb(env, 'resume')).status).toBe(0)
    await expect.poll(() => held.ready()).toMatchObject({ ready: true, parts: { worker: { state: 'held' } } })
    expect(results.records.length).toBe(IDS.length)

    expect((await runVerb(env, 'resume', '--accept')).output).toContain(`it was held for ${cause}`)
    const due = [...IDS, ...again, '5']
    await results.waitFor((records) => records.length >= due.length, 'the results')
    expect(await held.stop()).toBe(0)
    const records = await results.readToEnd()
    expect(records.map(({ key }) => key).toSorted()).toEqual(due.toSorted())
    expect(new Set(records.map(({ event }) => event.resultId)).size).toBe(due.length)

    const next = start()
    await next.waitForLog('lane running')
    expect(await next.stop(), 'what was accepted once is over').toBe(0)
    expect((await results.readToEnd()).length).toBe(due.length)
  },
)
