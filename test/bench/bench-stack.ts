import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { KAFKA } from '../stack/artefacts.ts'
import { createGuardedFolder, removeFolder } from '../stack/guard.ts'
import { runVerb } from '../stack/service-process.ts'
import { AMAZON_STAND_IN } from '../stack/stand-ins/amazon.ts'
import { type Stack, startStack } from '../stack/start-stack.ts'
import { PostgresStats } from './postgres-stats.ts'
import { type Usage, usageOf } from './usage.ts'

/** What the servers have used; null for one that this command did not start. */
export interface ServerUsage {
  postgres: Usage | null
  kafka: Usage | null
}

/** Settings of the service. */
export type BenchEnv = Record<string, string> & Record<(typeof NAMES)[number], string>

const NAMES = ['KAFKA_BROKERS', 'KAFKA_GROUP_PREFIX', 'TOPIC_IMPORTED', 'TOPIC_ENRICHMENT', 'TOPIC_ENRICHED'] as const

/** Without which no service starts, also one that asks Amazon for nothing. */
export const AMAZON_SETTINGS = {
  AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
  AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
  AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
  AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
  MODEL_USE: 'never',
}

/** Real servers, with topics and a database of this run's own. */
export class BenchStack {
  /** Settings that lead the service here. */
  readonly env: BenchEnv
  readonly stats: PostgresStats
  readonly #stack: Stack
  readonly #artwork: string

  private constructor(stack: Stack, stats: PostgresStats, env: BenchEnv, artwork: string) {
    this.#stack = stack
    this.stats = stats
    this.env = env
    this.#artwork = artwork
  }

  static async start(onProgress: (line: string) => void): Promise<BenchStack> {
    // Counting costs PostgreSQL next to nothing, and tells which statements an album takes.
    const postgresSettings = { shared_preload_libraries: 'pg_stat_statements' }
    const stack = await startStack({ onProgress, postgresSettings })
    const id = `bench-${Date.now().toString(36)}`
    const database = await stack.createDatabase(id)
    const stats = await PostgresStats.open(database)
    const artwork = createGuardedFolder('album-enricher-artwork')
    const env = {
      KAFKA_BROKERS: stack.kafkaBrokers,
      SCHEMA_REGISTRY_URL: stack.registryUrl,
      DATABASE_URL: database,
      KAFKA_GROUP_PREFIX: id,
      TOPIC_IMPORTED: `${id}.imported`,
      TOPIC_ENRICHMENT: `${id}.enrichment`,
      TOPIC_ENRICHED: `${id}.enriched`,
      ARTWORK_STORE: artwork,
      METRICS_PORT: '0',
    }
    return new BenchStack(stack, stats, env, artwork)
  }

  usage(): ServerUsage {
    const of = (server: { pid: number | undefined } | undefined) => (server?.pid ? usageOf(server.pid) : null)
    return { postgres: of(this.#stack.postgres), kafka: of(this.#stack.kafka) }
  }

  async setUp(env: Record<string, string>): Promise<void> {
    const { status, output } = await runVerb(env, 'setup')
    if (status !== 0) throw new Error(`album-enricher setup failed:\n${output}`)
  }

  async stop(): Promise<void> {
    await this.stats.close()
    await this.#stack.stop()
    removeFolder(this.#artwork)
  }
}

export interface Surroundings {
  date: string
  machine: string
  versions: Record<string, string>
}

/** What a figure is worth nothing without. */
export async function describeSurroundings({ stats }: BenchStack): Promise<Surroundings> {
  const [processor] = cpus()
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${processor?.model.trim() ?? 'unknown processor'}, ${process.platform} ${process.arch}`,
    versions: {
      'album-enricher': commit(),
      node: process.versions.node,
      kafka: process.env.KAFKA_BROKERS ? 'of KAFKA_BROKERS' : KAFKA.name,
      postgresql: await stats.version(),
      kafkajs: versionOf('kafkajs'),
      'mikro-orm': versionOf('@mikro-orm/core'),
    },
  }
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return `${git('rev-parse', '--short', 'HEAD').trim()}${git('status', '--porcelain', 'src').trim() === '' ? '' : ' with changes'}`
  } catch {
    return 'no git checkout'
  }
}
