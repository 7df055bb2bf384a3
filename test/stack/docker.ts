import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { OnProgress } from './artefacts.ts'

const COMPOSE_FILE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url))

/** What the compose file insists on. Only the password is used: the service itself is not started there. */
export const COMPOSE_ENV = {
  POSTGRES_PASSWORD: randomBytes(16).toString('hex'),
  GRAFANA_PASSWORD: 'not used',
  AMAZON_CREDENTIAL_ID: 'not used',
  AMAZON_CREDENTIAL_SECRET: 'not used',
  AMAZON_CREDENTIAL_VERSION: 'not used',
  AMAZON_PARTNER_TAG: 'not used',
}

/** Where the compose file's servers are, as settings. */
export const COMPOSE_SERVERS = {
  KAFKA_BROKERS: '127.0.0.1:19092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:18081/apis/ccompat/v7',
  DATABASE_URL: `postgresql://album_enricher:${COMPOSE_ENV.POSTGRES_PASSWORD}@127.0.0.1:15432/album_enricher`,
}

export interface DockerServers {
  settings: typeof COMPOSE_SERVERS
  stop(): Promise<void>
}

/** Whether a Docker engine answers, with its compose plugin. */
export function hasDocker(): boolean {
  return [['info'], ['compose', 'version']].every((args) => spawnSync('docker', args).status === 0)
}

/** Kafka, the registry and PostgreSQL of docker-compose.yml, with data of their own. @throws Error with Docker's words */
export async function startDockerServers(onProgress: OnProgress): Promise<DockerServers> {
  // What an earlier run left behind has another password.
  await compose('down', '--volumes')
  onProgress('Kafka, schema registry and PostgreSQL are started by Docker')
  const stop = () => compose('down', '--volumes')
  try {
    await compose('up', '--detach', '--wait', 'kafka', 'registry', 'postgres')
  } catch (error) {
    await stop()
    throw error
  }
  return { settings: COMPOSE_SERVERS, stop }
}

async function compose(...args: string[]): Promise<void> {
  // A project of its own, so that a `docker compose up` of the whole keeps its data.
  const project = ['compose', '--project-name', 'album-enricher-demo', '--file', COMPOSE_FILE]
  await promisify(execFile)('docker', [...project, ...args], { env: { ...process.env, ...COMPOSE_ENV } })
}
