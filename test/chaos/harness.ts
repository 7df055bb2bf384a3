import { createRequire } from 'node:module'
import { type ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { ROLES } from '../../src/roles.ts'
import { createDatabaseRole, type DatabaseRole } from '../stack/database-role.ts'
import { createGuardedFolder } from '../stack/guard.ts'
import { grantLeastAcls } from '../stack/least-acls.ts'
import { runVerb } from '../stack/service-process.ts'
import { type Stack, startStack } from '../stack/start-stack.ts'
import { Chronicle } from './chronicle.ts'
import { Feeder } from './feeder.ts'
import { KafkaProxies } from './kafka-proxies.ts'
import { LaneWatch } from './lane-watch.ts'
import { type ChaosTopics, LiveView } from './live-view.ts'
import { Member, type Role } from './member.ts'
import { StandIns } from './stand-ins.ts'
import { WireProxy } from './wire-proxy.ts'

const { ConfigResourceTypes: resourceTypes } = createRequire(import.meta.url)('kafkajs') as {
  ConfigResourceTypes: typeof ConfigResourceTypes
}

const REQUESTS_PER_SECOND = 10

/** Every process of a run. */
const CAST: [string, Role][] = [
  ['intake-1', 'intake'],
  ['intake-2', 'intake'],
  ['relay-1', 'relay'],
  ['worker-1', 'worker'],
  ['worker-2', 'worker'],
]

/** The servers of a run; all three are our own, since they are killed. */
export interface Servers extends Stack {
  kafka: NonNullable<Stack['kafka']>
  registry: NonNullable<Stack['registry']>
  postgres: NonNullable<Stack['postgres']>
}

/** A service of several processes, each behind proxies of its own, with everything around it. */
export interface Harness {
  /** Beginning of the names of its topics and groups. */
  name: string
  servers: Servers
  standIns: StandIns
  members: Member[]
  chronicle: Chronicle
  lane: LaneWatch
  live: LiveView
  feeder: Feeder
  /** The service's login at the database. */
  databaseRole: DatabaseRole
  topics: ChaosTopics
  close(): Promise<void>
}

export interface HarnessOptions {
  /** Unlike that of any other harness on these servers: beginning of the names of its topics, groups and database. */
  name: string
  /** Whether everything that happens is told on standard error. */
  says: boolean
  /** Whether poison is fed throughout. */
  isPoisonous?: boolean
  /** More settings for the processes. */
  extraEnv?: Record<string, string>
}

/** Each part of the service logs in as a user of its name, and has that part's rights. */
const KAFKA_USERS = ['setup', ...ROLES]

/**
 * @param isSecured whether the service has to log in to Kafka; what stands around it comes by the plain listener
 * @throws Error unless this machine runs the servers itself
 */
export async function startServers(
  brokers: 1 | 3,
  isSecured: boolean,
  onProgress: (line: string) => void,
): Promise<Servers> {
  const own = { KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: '', DATABASE_URL: '' }
  const kafkaUsers = isSecured ? KAFKA_USERS : []
  const stack = await startStack({ brokers, kafkaUsers, onProgress, env: { ...process.env, ...own } })
  const { kafka, registry, postgres } = stack
  if (kafka && registry && postgres) return { ...stack, kafka, registry, postgres }
  await stack.stop()
  throw new Error('chaos kills the servers, so it needs them on this machine: install Java')
}

/** Everything up and running, nothing fed yet. */
export async function openHarness(servers: Servers, options: HarnessOptions): Promise<Harness> {
  const { name, says, isPoisonous, extraEnv = {} } = options
  const { kafka } = servers
  const chronicle = new Chronicle(says)
  const databaseUrl = await servers.createDatabase(name)
  const databaseRole = await createDatabaseRole(databaseUrl)
  const { standIns, imageHost } = await StandIns.start(REQUESTS_PER_SECOND)
  const env = {
    KAFKA_BROKERS: kafka.brokers,
    SCHEMA_REGISTRY_URL: servers.registry.url,
    DATABASE_URL: databaseUrl,
    KAFKA_GROUP_PREFIX: name,
    TOPIC_IMPORTED: `${name}.imported`,
    TOPIC_ENRICHMENT: `${name}.enrichment`,
    TOPIC_ENRICHED: `${name}.enriched`,
    AMAZON_MARKETPLACE: 'www.amazon.ca',
    AMAZON_REQUESTS_PER_SECOND: String(REQUESTS_PER_SECOND),
    AMAZON_REQUESTS_PER_DAY: '1000000000',
    MODEL_USE: 'always',
    MODEL_NAME: 'stand-in',
    MODEL_TIMEOUT_SECONDS: '6',
    MAX_ALBUMS_IN_FLIGHT: 'auto',
    RETRY_DELAYS: '1s,3s',
    // The trouble here is made on purpose, and nobody is there to resume the lane.
    FLOOD_DEAD_LETTERS: '10000',
    ARTWORK: 'download',
    ARTWORK_STORE: createGuardedFolder('album-enricher-chaos'),
    ARTWORK_INSECURE_HOST: imageHost,
    METRICS_PORT: '0',
    LOG_LEVEL: 'info',
  }
  const members = await Promise.all(
    CAST.map(async ([process, role]) => {
      const proxies = await openProxies(process, servers, databaseUrl)
      const own = {
        ...env,
        ...kafka.secured?.settingsOf(role),
        ...(await standIns.openProxies(process)),
        KAFKA_BROKERS: proxies.kafka.addresses,
        DATABASE_URL: withPort(databaseRole.url, proxies.database.port),
        ...extraEnv,
      }
      return { member: new Member(process, role, proxies, own, chronicle), own }
    }),
  )
  if (kafka.secured) await grantLeastAcls(kafka.brokers, env)
  const { status, output } = await runVerb(
    { ...members[0]?.own, ...env, ...kafka.secured?.settingsOf('setup') },
    'setup',
  )
  if (status !== 0) throw new Error(`setup failed: ${output}`)
  const topics = await findTopics(kafka.brokers, name)
  await stampByBroker(kafka.brokers, [topics.express, ...topics.retries])
  const all = members.map(({ member }) => member)
  const lane = new LaneWatch(all, chronicle)
  const live = await LiveView.open(kafka.brokers, topics)
  const feeder = await Feeder.open(kafka.brokers, servers.registry.url, topics.imported, isPoisonous)
  for (const member of all) member.start()
  await Promise.all(all.map((member) => member.untilRunning()))
  return {
    name,
    servers,
    standIns,
    members: all,
    chronicle,
    lane,
    live,
    feeder,
    databaseRole,
    topics,
    async close() {
      await Promise.all(all.map((member) => member.kill()))
      await Promise.all([live.close(), feeder.close(), standIns.stop(), databaseRole.close()])
      await Promise.all(all.flatMap(({ kafka, database }) => [kafka.refuse(), database.refuse()]))
    },
  }
}

async function openProxies(name: string, servers: Servers, databaseUrl: string) {
  const { brokers, secured } = servers.kafka
  const kafka = await KafkaProxies.open(name, secured?.brokers ?? brokers, secured?.tls)
  const database = await WireProxy.open({ name, target: new URL(databaseUrl).host })
  return { kafka, database }
}

function withPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.port = String(port)
  return changed.href
}

async function findTopics(brokers: string, name: string): Promise<ChaosTopics> {
  const all = await asAdmin(brokers, (admin) => admin.listTopics())
  return {
    imported: `${name}.imported`,
    enrichment: `${name}.enrichment`,
    express: `${name}.enrichment.express`,
    enriched: `${name}.enriched`,
    dead: `${name}.enrichment.dead`,
    retries: all.filter((topic) => topic.startsWith(`${name}.enrichment.retry.`)).toSorted(),
  }
}

/** The judge asks when the broker got a record, not when somebody says to have written it. */
async function stampByBroker(brokers: string, topics: string[]): Promise<void> {
  // alterConfigs replaces all settings of a topic, so the others are given again.
  const names = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'max.message.bytes']
  await asAdmin(brokers, async (admin) => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type: resourceTypes.TOPIC, name, configNames: names })),
    })
    await admin.alterConfigs({
      validateOnly: false,
      resources: resources.map(({ resourceName, configEntries }) => ({
        type: resourceTypes.TOPIC,
        name: resourceName,
        configEntries: [
          ...configEntries.map(({ configName, configValue }) => ({ name: configName, value: configValue })),
          { name: 'message.timestamp.type', value: 'LogAppendTime' },
        ],
      })),
    })
  })
}

async function asAdmin<T>(brokers: string, work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
