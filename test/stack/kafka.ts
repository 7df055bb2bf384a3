import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchArtefact, KAFKA, type OnProgress } from './artefacts.ts'
import { readClusterState } from './ask-broker.ts'
import {
  AUTHORIZER,
  addUsers,
  denialsOf,
  LOG_DENIALS,
  loginListener,
  loginSettings,
  tlsListener,
} from './broker-security.ts'
import { type Certificate, createAuthority } from './certificates.ts'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder } from './guard.ts'
import { classArchive, JAVA_FLAGS } from './java.ts'
import { runGuarded } from './run-guarded.ts'
import { isAddressTaken, type Server, startServer } from './server.ts'

/** One broker, which is also a controller. */
export interface KafkaNode extends Server {
  id: number
  port: number
  controllerPort: number
  /** Where one has to log in; without users there is no such port. */
  securedPort?: number
}

/** A second listener of each broker, with TLS (SASL_SSL), on which one has to log in and may do what an ACL allows. */
export interface SecuredListener {
  /** host:port of each, comma-separated. */
  brokers: string
  /** The service's settings with which a user logs in. */
  settingsOf(user: string): Record<string, string>
  /** PEM: the brokers' key and certificate, and their authority's. */
  tls: { key: string; cert: string; ca: string }
  /** What the brokers have denied since they were asked last, a line each. */
  takeDenials(): string[]
}

/** What is done to it is done to all its brokers. */
export interface KafkaServer extends Server {
  /** host:port of each, comma-separated; nobody has to log in there, and everything is allowed. */
  brokers: string
  nodes: KafkaNode[]
  secured?: SecuredListener
}

export interface KafkaOptions {
  /** One, or three: topics then have three replicas and take what two of them have. */
  brokers?: 1 | 3
  /** Who may log in at the secured listener, with SCRAM; nobody: there is none. */
  users?: readonly string[]
  onProgress?: OnProgress
}

/** @throws Error for a number that is neither */
export function readBrokers(text: string): 1 | 3 {
  if (text === '1') return 1
  if (text === '3') return 3
  throw new Error(`--brokers ${text}: there can be 1 or 3`)
}

interface Place {
  id: number
  folder: string
  port: number
  controllerPort: number
  securedPort: number
}

interface Security {
  users: readonly string[]
  /** Path of the authority's certificate. */
  ca: string
  /** All brokers have the same. */
  certificate: Certificate
}

const TRIES = 3

/** Starts Kafka with data of its own. It creates no topic by itself. @throws Error with the end of its log */
export async function startKafka({
  brokers = 1,
  users = [],
  onProgress = () => {},
}: KafkaOptions = {}): Promise<KafkaServer> {
  const program = await kafkaProgram(onProgress)
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await startNodes(brokers, program, users)
    } catch (error) {
      // A free port may be somebody else's by the time that Java has started.
      if (left === 0 || !isAddressTaken(error)) throw error
    }
  }
}

/** What Java is given to run a class of Kafka's. */
export async function kafkaProgram(onProgress: OnProgress): Promise<string[]> {
  const folder = await fetchArtefact(KAFKA, onProgress)
  const program = (flags: string[]) => [...JAVA_FLAGS, ...flags, '-cp', join(folder, '*')]
  const archive = await classArchive(folder, async (flags) => {
    const broker = await startNodes(1, program(flags))
    await broker.shutDown()
    await broker.stop()
  })
  return program(archive)
}

async function startNodes(brokers: number, program: string[], users: readonly string[] = []): Promise<KafkaServer> {
  const ports = await findFreePorts(3 * brokers)
  const places = Array.from({ length: brokers }, (_, index) => ({
    id: index + 1,
    folder: createGuardedFolder('album-enricher-kafka'),
    port: ports[3 * index] ?? 0,
    controllerPort: ports[3 * index + 1] ?? 0,
    securedPort: ports[3 * index + 2] ?? 0,
  }))
  // Sixteen bytes in base64url; the fixed beginning, since the tool takes a leading "-" for an option.
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const security = users.length > 0 ? createSecurity(users, places[0]?.folder ?? '') : undefined
  const starting = await Promise.allSettled(
    places.map((place) => startNode(place, places, clusterId, program, security)),
  )
  const nodes = starting.flatMap((it) => (it.status === 'fulfilled' ? it.value : []))
  const onAll = async (work: (node: KafkaNode) => Promise<void>) => {
    await Promise.all(nodes.map(work))
  }
  const failed = starting.find((it) => it.status === 'rejected')
  if (failed) {
    await onAll((node) => node.stop())
    throw failed.reason
  }
  return {
    brokers: places.map(({ port }) => `127.0.0.1:${port}`).join(),
    nodes,
    ...(security && { secured: securedListener(places, security) }),
    get pid() {
      return nodes[0]?.pid
    },
    start: () => onAll((node) => node.start()),
    kill: () => onAll((node) => node.kill()),
    suspend() {
      for (const node of nodes) node.suspend()
    },
    resume() {
      for (const node of nodes) node.resume()
    },
    shutDown: () => onAll((node) => node.shutDown()),
    stop: () => onAll((node) => node.stop()),
  }
}

function createSecurity(users: readonly string[], folder: string): Security {
  const authority = createAuthority(folder)
  return { users, ca: authority.ca, certificate: authority.issue('localhost') }
}

function securedListener(places: Place[], { ca, certificate }: Security): SecuredListener {
  const brokers = places.map(({ securedPort }) => `127.0.0.1:${securedPort}`).join()
  const read = (file: string) => readFileSync(file, 'utf8')
  const denials = places.map(({ folder }) => denialsOf(folder))
  return {
    brokers,
    settingsOf: (user) => loginSettings(brokers, ca, user),
    tls: { key: read(certificate.key), cert: read(certificate.cert), ca: read(ca) },
    takeDenials: () => denials.flatMap((take) => take()),
  }
}

async function startNode(
  place: Place,
  places: Place[],
  clusterId: string,
  program: string[],
  security?: Security,
): Promise<KafkaNode> {
  const { id, folder, port, controllerPort, securedPort } = place
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, describeBroker(place, places, security))
  const heap = places.length > 1 ? ['-Xmx320m'] : []
  const java = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', LOG_DENIALS, ...program, ...heap]
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties]
  await runGuarded('java', [...java, ...format, ...addUsers(security?.users ?? [])], folder)
  const server = await startServer({
    name: places.length > 1 ? `Apache Kafka, broker ${id}` : 'Apache Kafka',
    command: 'java',
    args: [...java, 'kafka.Kafka', properties],
    folder,
    cwd: folder,
    stopSignal: 'KILL',
    isReady: async () => (await readClusterState(port, [])).brokers.includes(id),
  })
  return Object.assign(server, { id, port, controllerPort, ...(security && { securedPort }) })
}

async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await findFreePort())
  return [...ports]
}

function describeBroker(place: Place, places: Place[], security?: Security): string {
  const { id, folder, port, controllerPort, securedPort } = place
  const replicas = places.length
  const inSync = replicas === 1 ? 1 : replicas - 1
  const advertised = `PLAINTEXT://127.0.0.1:${port}${security ? `,SASL_SSL://127.0.0.1:${securedPort}` : ''}`
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': places.map((it) => `${it.id}@127.0.0.1:${it.controllerPort}`).join(),
    listeners: `${advertised},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': advertised,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    ...(security && {
      ...AUTHORIZER,
      ...loginListener('sasl_ssl'),
      ...tlsListener('sasl_ssl', security.certificate.keystore),
    }),
    'log.dirs': join(folder, 'data'),
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    // Internal topics ask for three brokers and 50 partitions unless told otherwise.
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may come back only after its session; by default that takes 9 seconds.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'auto.create.topics.enable': false,
    // Of 128 MB by default, which is much of a small heap; topics here are small.
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    // A test moves leaders itself.
    'auto.leader.rebalance.enable': false,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
