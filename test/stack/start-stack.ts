import { isCached, KAFKA, type OnProgress, REGISTRY } from './artefacts.ts'
import { createDatabase } from './create-database.ts'
import { hasDocker, startDockerServers } from './docker.ts'
import { type KafkaOptions, type KafkaServer, startKafka } from './kafka.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'
import { type RegistryServer, startRegistry } from './registry.ts'
import { hasJava, requireTools } from './require-tools.ts'

export interface Stack {
  /** host:port, comma-separated. */
  kafkaBrokers: string
  registryUrl: string
  /** As a user who may create databases. */
  databaseUrl: string
  /** Creates an empty database; its URL. */
  createDatabase(name: string): Promise<string>
  /** The servers started here; absent where the user's own is used. */
  kafka?: KafkaServer
  registry?: RegistryServer
  postgres?: PostgresServer
  /** Ends the servers started here and removes their data. */
  stop(): Promise<void>
}

export interface StackOptions {
  onProgress?: OnProgress
  env?: NodeJS.ProcessEnv
  /** How many Kafka brokers are started; without Java it is always one. */
  brokers?: KafkaOptions['brokers']
  /** Who may log in at a secured listener of a Kafka started here with Java, beside the plain one. */
  kafkaUsers?: KafkaOptions['users']
  /** For a PostgreSQL started here, beside those that make it quick. */
  postgresSettings?: Record<string, string>
}

/**
 * Kafka, a schema registry and PostgreSQL: the ones that KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL name, and new
 * ones on free ports of this machine for the rest. The new ones end with this process, however it ends. On a machine
 * without Java a Docker engine runs them, from docker-compose.yml; those end with `stop`.
 *
 * @throws Error that says what is missing or failed; nothing is left running then
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { onProgress = () => {}, env = process.env, postgresSettings = {} } = options
  const { brokers: brokerCount = 1, kafkaUsers: users = [] } = options
  const needsJava = !env.KAFKA_BROKERS || !env.SCHEMA_REGISTRY_URL
  if (needsJava && !hasJava() && hasDocker()) return await startDockerStack(onProgress, env)
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl, DATABASE_URL: databaseUrl } = env
  requireToolsFor({ ...(!brokers && { KAFKA_BROKERS: KAFKA }), ...(!registryUrl && { SCHEMA_REGISTRY_URL: REGISTRY }) })
  const started = await Promise.allSettled([
    brokers ? undefined : timed('Kafka', startKafka({ brokers: brokerCount, users, onProgress }), onProgress),
    registryUrl ? undefined : timed('schema registry', startRegistry(onProgress), onProgress),
    databaseUrl ? undefined : timed('PostgreSQL', startPostgres(postgresSettings), onProgress),
  ])
  const stop = async () => {
    await Promise.all(started.map((server) => (server.status === 'fulfilled' ? server.value?.stop() : undefined)))
  }
  const failed = started.find((server) => server.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const [kafka, registry, postgres] = started.map((server) =>
    server.status === 'fulfilled' ? server.value : undefined,
  ) as [KafkaServer | undefined, RegistryServer | undefined, PostgresServer | undefined]
  const admin = databaseUrl || (postgres?.url ?? '')
  return {
    kafkaBrokers: brokers || (kafka?.brokers ?? ''),
    registryUrl: registryUrl || (registry?.url ?? ''),
    databaseUrl: admin,
    createDatabase: (name) => createDatabase(admin, name),
    ...(kafka && { kafka }),
    ...(registry && { registry }),
    ...(postgres && { postgres }),
    stop,
  }
}

/** Docker's servers stand in for those that the environment does not name. */
async function startDockerStack(onProgress: OnProgress, env: NodeJS.ProcessEnv): Promise<Stack> {
  const docker = await timed('Docker', startDockerServers(onProgress), onProgress)
  const databaseUrl = env.DATABASE_URL || docker.settings.DATABASE_URL
  return {
    kafkaBrokers: env.KAFKA_BROKERS || docker.settings.KAFKA_BROKERS,
    registryUrl: env.SCHEMA_REGISTRY_URL || docker.settings.SCHEMA_REGISTRY_URL,
    databaseUrl,
    createDatabase: (name) => createDatabase(databaseUrl, name),
    stop: docker.stop,
  }
}

function requireToolsFor(artefacts: Record<string, typeof KAFKA>): void {
  const wanted = Object.entries(artefacts)
  if (wanted.length === 0) return
  requireTools(
    wanted.map(([setting, { name }]) => ({ name, setting })),
    wanted.some(([, artefact]) => !isCached(artefact)),
  )
}

async function timed<T>(name: string, starting: Promise<T>, onProgress: OnProgress): Promise<T> {
  const began = performance.now()
  const server = await starting
  onProgress(`${name} is up after ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return server
}
