import { type Config, currentValue } from '../config.ts'
import { metrics } from '../metrics.ts'
import type { AmazonApi, AmazonRequestSeen } from './amazon-api.ts'
import { createCreatorsApi } from './creators-api.ts'
import { createPaapiApi } from './paapi-api.ts'
import { createPace, type SharedSlots } from './pace.ts'

/** For one HTTP request; Amazon answers in 0.3 s or so. */
const TIMEOUT_MS = 15_000
/** Source: Amazon's documentation of the Creators API; one host for all regions. */
const CREATORS_URL = 'https://creatorsapi.amazon'

interface Extras {
  /** Told of every request, also the refused ones. */
  onRequest?: (seen: AmazonRequestSeen) => void
  /** Keeps one pace across processes. */
  slots?: SharedSlots
}

/** Amazon as the settings say, paced and counted. */
export function createAmazon(config: Config<'amazon' | 'http'>, { onRequest, slots }: Extras = {}): AmazonApi {
  metrics.amazonRateLimit.set(config.AMAZON_REQUESTS_PER_SECOND)
  const shared = {
    marketplace: config.AMAZON_MARKETPLACE,
    partnerTag: config.AMAZON_PARTNER_TAG,
    pace: createPace(config.AMAZON_REQUESTS_PER_SECOND, slots),
    timeoutMs: TIMEOUT_MS,
    onRequest: (seen: AmazonRequestSeen) => {
      metrics.amazonRequests.inc({ operation: seen.operation, result: seen.result })
      onRequest?.(seen)
    },
  }
  const { AMAZON_CREDENTIAL_ID: id, AMAZON_CREDENTIAL_SECRET: secret, AMAZON_URL: url } = config
  if (config.AMAZON_API === 'paapi') return createPaapiApi({ ...shared, url, accessKey: id, secretKey: secret })
  return createCreatorsApi({
    ...shared,
    url: url ?? CREATORS_URL,
    tokenUrl: config.AMAZON_TOKEN_URL,
    credentialId: id,
    credentialSecret: () => currentValue(config, 'AMAZON_CREDENTIAL_SECRET'),
    http: config,
    credentialVersion: config.AMAZON_CREDENTIAL_VERSION ?? '',
  })
}
