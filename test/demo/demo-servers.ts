import { createGuardedFolder, removeFolder } from '../stack/guard.ts'
import { AMAZON_STAND_IN, type AmazonStandIn, loadProducts, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { type ImageStandIn, startImageStandIn } from '../stack/stand-ins/images.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../stack/stand-ins/model.ts'
import { type StackOptions, startStack } from '../stack/start-stack.ts'

/** What the demo's Amazon allows; a real account's limit is what its owner set. */
const REQUESTS_PER_SECOND = 5
const MODEL_LATENCY_MS = 300

export interface DemoServers {
  /** Settings for the service. */
  env: Record<string, string> & { TOPIC_ENRICHED: string; TOPIC_ENRICHMENT: string }
  /** null where a real server is used, which does not tell. */
  amazonRequests(): number | null
  early(): number | null
  modelCalls(): number | null
  stop(): Promise<void>
}

/** The stack, and stand-ins for those servers across the internet for which the environment has no key. */
export async function startDemoServers(
  onProgress: (line: string) => void,
  brokers: StackOptions['brokers'] = 1,
): Promise<DemoServers> {
  const stack = await startStack({ onProgress, brokers })
  const images = process.env.AMAZON_CREDENTIAL_ID ? undefined : await startImageStandIn()
  const amazon = images && (await startAmazon(images))
  const artworkStore = createGuardedFolder('album-enricher-artwork')
  const model = process.env.OPENAI_API_KEY ? undefined : await startModelStandIn({ latencyMs: MODEL_LATENCY_MS })
  // On servers of the user's own the demo keeps to names of its own, new ones every time.
  const prefix = process.env.KAFKA_BROKERS ? `demo-${Date.now().toString(36)}.` : ''
  const databaseUrl = await stack.createDatabase(`demo_${Date.now().toString(36)}`)
  const env = {
    ARTWORK_STORE: artworkStore,
    ...(images && { ARTWORK_INSECURE_HOST: images.host }),
    ...ownSettings(),
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: databaseUrl,
    KAFKA_GROUP_PREFIX: `${prefix}album-enricher`,
    TOPIC_IMPORTED: `${prefix}album.imported`,
    TOPIC_ENRICHMENT: `${prefix}album.enrichment`,
    TOPIC_ENRICHED: `${prefix}album.enriched`,
    METRICS_PORT: process.env.METRICS_PORT ?? '0',
    ...(amazon && amazonSettings(amazon)),
    ...(model && modelSettings(model)),
  }
  return {
    env,
    amazonRequests: () => amazon?.calls.filter(({ operation }) => operation !== 'token').length ?? null,
    early: () => amazon?.early ?? null,
    modelCalls: () => model?.calls.length ?? null,
    async stop() {
      await Promise.all([amazon?.close(), images?.close(), model?.close()])
      await stack.stop()
      removeFolder(artworkStore)
    },
  }
}

/** The user's own settings for the real servers. */
function ownSettings(): Record<string, string> {
  const names = Object.entries(process.env).filter(([name]) => /^((AMAZON|OPENAI|MODEL)_|ARTWORK)/.test(name))
  return Object.fromEntries(names.map(([name, value]) => [name, value ?? '']))
}

function startAmazon(images: ImageStandIn): Promise<AmazonStandIn> {
  return startAmazonStandIn({
    products: loadProducts(new URL('../data/products.jsonl', import.meta.url)),
    requestsPerSecond: REQUESTS_PER_SECOND,
    imageBaseUrl: images.url,
  })
}

function amazonSettings(amazon: AmazonStandIn): Record<string, string> {
  return {
    AMAZON_URL: amazon.url,
    AMAZON_TOKEN_URL: amazon.tokenUrl,
    AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
    AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
    AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
    AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
    AMAZON_MARKETPLACE: 'www.amazon.ca',
    AMAZON_REQUESTS_PER_SECOND: String(REQUESTS_PER_SECOND),
  }
}

function modelSettings(model: ModelStandIn): Record<string, string> {
  return { OPENAI_API_KEY: MODEL_STAND_IN_KEY, OPENAI_BASE_URL: model.url, MODEL_NAME: 'stand-in' }
}
