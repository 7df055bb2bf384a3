import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs'
import { onTestFailed, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { withServers } from '../../src/ops/commands/with-servers.ts'
import { setUp } from '../../src/ops/set-up.ts'
import { ServiceProcess } from './service-process.ts'
import { AMAZON_STAND_IN, type AmazonStandIn, loadProducts, startAmazonStandIn } from './stand-ins/amazon.ts'
import { type ImageStandIn, startImageStandIn } from './stand-ins/images.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from './stand-ins/model.ts'
import { createTestEnv, type TestEnv } from './test-env.ts'
import { TopicReader } from './topic-reader.ts'

/** Fast enough that a test does not wait for Amazon's pace; tests of the pace set their own. */
const REQUESTS_PER_SECOND = 10

export interface Scenario {
  env: TestEnv
  amazon: AmazonStandIn
  model: ModelStandIn
  images: ImageStandIn
  results: TopicReader
  dead: TopicReader
  /** Starts the service, or one role of it, as a process of its own; it is killed when the test ends. */
  start(...roles: string[]): ServiceProcess
  /** Publishes albums to album.imported as an importer would. */
  publish(...albums: TestAlbum[]): Promise<void>
  /** Publishes messages as they are. */
  send(topic: string, ...messages: Message[]): Promise<void>
}

let products: ReturnType<typeof loadProducts> | undefined

/**
 * Topics, tables, schemas, stand-ins and readers of one test's own, on the shared servers.
 *
 * @param beforeSetUp what is done before they are set up
 */
export async function createScenario(
  settings: Record<string, string> = {},
  beforeSetUp: (env: TestEnv) => Promise<void> = async () => undefined,
): Promise<Scenario> {
  products ??= loadProducts(new URL('../data/products.jsonl', import.meta.url))
  const requestsPerSecond = Number(settings.AMAZON_REQUESTS_PER_SECOND ?? REQUESTS_PER_SECOND)
  const images = await startImageStandIn()
  const amazon = await startAmazonStandIn({ products, requestsPerSecond, imageBaseUrl: images.url })
  const artworkStore = mkdtempSync(join(tmpdir(), 'album-enricher-artwork-'))
  const model = await startModelStandIn()
  const env: TestEnv = {
    ...(await createTestEnv()),
    AMAZON_URL: amazon.url,
    AMAZON_TOKEN_URL: amazon.tokenUrl,
    AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
    AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
    AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
    AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
    AMAZON_MARKETPLACE: 'www.amazon.ca',
    AMAZON_REQUESTS_PER_SECOND: String(requestsPerSecond),
    OPENAI_API_KEY: MODEL_STAND_IN_KEY,
    OPENAI_BASE_URL: model.url,
    ARTWORK: 'off',
    ARTWORK_STORE: artworkStore,
    ARTWORK_INSECURE_HOST: images.host,
    LOG_LEVEL: 'debug',
    ...settings,
  }
  await beforeSetUp(env)
  // What the command does, and here: as a process of its own its start would be a tenth of all the tests' work.
  const config = loadConfig(['kafka', 'registry', 'database'], env)
  await withServers(config, (servers) => setUp(config, servers, { createsDatabase: false, registers: true }))

  const results = await TopicReader.open(env, env.TOPIC_ENRICHED)
  const dead = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.dead`)
  const services: ServiceProcess[] = []
  onTestFailed(() => {
    for (const service of services) console.error(`process ${service.pid} at last:\n${service.tail()}`)
  })
  onTestFinished(async () => {
    for (const service of services) service.signal('SIGKILL')
    await Promise.all([amazon.close(), model.close(), images.close(), results.close(), dead.close()])
    rmSync(artworkStore, { recursive: true, force: true })
  })
  const send = (topic: string, ...messages: Message[]) => sendMessages(env, topic, messages)
  return {
    env,
    amazon,
    model,
    images,
    results,
    dead,
    start(...roles) {
      const service = new ServiceProcess(env, ['run', ...roles])
      services.push(service)
      return service
    },
    async publish(...albums) {
      await send(env.TOPIC_IMPORTED, ...(await encodeAlbums(env, albums)))
    },
    send,
  }
}

async function sendMessages(env: TestEnv, topic: string, messages: Message[]): Promise<void> {
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let at = 0; at < messages.length; at += 500) {
    await producer.send({ topic, messages: messages.slice(at, at + 500) })
  }
  await producer.disconnect()
}

interface TestAlbum {
  albumId: string
  artists: { name: string; musicbrainzArtistId?: string | null }[]
  [field: string]: unknown
}

const DEFAULTS = {
  releaseYear: null,
  barcodes: [],
  asins: {},
  musicbrainzReleaseGroupId: null,
  hasPrimaryImage: false,
  source: 'test',
}

/** The message by which an importer publishes an album. */
export async function encodeAlbum(env: TestEnv, album: TestAlbum): Promise<Message> {
  return (await createEncoder(env))(album)
}

/** The same of several; the registry is asked once for all of them, and not by each. */
export async function encodeAlbums(env: TestEnv, albums: TestAlbum[]): Promise<Message[]> {
  return Promise.all(albums.map(await createEncoder(env)))
}

async function createEncoder(env: TestEnv): Promise<(album: TestAlbum) => Promise<Message>> {
  const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL })
  const id = await registry.getLatestSchemaId(`${env.TOPIC_IMPORTED}-value`)
  return async (album) => {
    const artists = album.artists.map((artist) => ({ musicbrainzArtistId: null, ...artist }))
    const value = await registry.encode(id, { ...DEFAULTS, importedAt: Date.now(), ...album, artists })
    return { key: album.albumId, value }
  }
}

/** An album that the stand-in's shop sells. */
export function anAlbum(albumId: string, changes: Partial<TestAlbum> = {}): TestAlbum {
  return { albumId, title: 'Nevermind', artists: [{ name: 'Nirvana' }], releaseYear: 1991, ...changes }
}
