import type { Slots } from '../amazon-slots.ts'
import { type Config, currentValue } from '../config.ts'
import { toEnrichmentError } from '../errors.ts'
import { metrics } from '../metrics.ts'
import type { AmazonApi, AmazonRequestSeen } from './amazon-api.ts'
import { createCreatorsApi } from './creators-api.ts'
import { LocalSlots } from './local-slots.ts'
import { createPaapiApi } from './paapi-api.ts'
import { createPace, type Pace } from './pace.ts'

/** For one HTTP request; Amazon answers in 0.3 s or so. */
const TIMEOUT_MS = 15_000
/** Source: Amazon's documentation of the Creators API; one host for all regions. */
const CREATORS_URL = 'https://creatorsapi.amazon'

/** What Amazon's clients need beside the settings. */
export interface Usage {
  /** Keeps one pace across processes; absent: this one has the account for itself. */
  slots?: Slots
  /** How long Amazon may say nothing but 429 before that is an error, in milliseconds. */
  patienceMs: number
  /** Whether it is a service that asks on and on, or somebody who asks once. */
  isSteady: boolean
  /** Told as PaceOptions say. */
  onThrottled?: (until: number | null) => void
  /** Told of every request, also the refused ones. */
  onRequest?: (seen: AmazonRequestSeen) => void
}

/** Amazon as the settings say, paced and counted. */
export function createAmazon(
  config: Config<'amazon' | 'http'>,
  { slots, patienceMs, isSteady, onThrottled, onRequest }: Usage,
): AmazonApi & Pick<Pace, 'hurry'> {
  const { AMAZON_REQUESTS_PER_SECOND: requestsPerSecond, AMAZON_REQUESTS_PER_DAY: requestsPerDay } = config
  metrics.amazonRateLimit.set(requestsPerSecond)
  const pace = createPace({
    slots: slots ?? new LocalSlots(requestsPerSecond, requestsPerDay),
    requestsPerSecond,
    patienceMs,
    isSteady,
    ...(onThrottled && { onThrottled }),
    onDay: ({ remaining }) => metrics.amazonDayRemaining.set(remaining),
  })
  const shared = {
    marketplace: config.AMAZON_MARKETPLACE,
    partnerTag: config.AMAZON_PARTNER_TAG,
    pace,
    timeoutMs: TIMEOUT_MS,
    onRequest: (seen: AmazonRequestSeen) => {
      metrics.amazonRequests.inc({ operation: seen.operation, result: seen.result })
      onRequest?.(seen)
    },
  }
  const { AMAZON_CREDENTIAL_ID: id, AMAZON_CREDENTIAL_SECRET: secret, AMAZON_URL: url } = config
  const api =
    config.AMAZON_API === 'paapi'
      ? createPaapiApi({ ...shared, url, accessKey: id, secretKey: secret })
      : createCreatorsApi({
          ...shared,
          url: url ?? CREATORS_URL,
          tokenUrl: config.AMAZON_TOKEN_URL,
          credentialId: id,
          credentialSecret: () => currentValue(config, 'AMAZON_CREDENTIAL_SECRET'),
          http: config,
          credentialVersion: config.AMAZON_CREDENTIAL_VERSION ?? '',
        })
  const orGivenUp = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked
    } catch (error) {
      // That is a hold of its own, which takes the place of the wait's.
      if (toEnrichmentError(error).code !== 'AMAZON_ONLY_THROTTLES') pace.gaveUp()
      throw error
    }
  }
  return {
    getItems: (...asked) => orGivenUp(api.getItems(...asked)),
    searchItems: (...asked) => orGivenUp(api.searchItems(...asked)),
    hurry: pace.hurry,
  }
}
