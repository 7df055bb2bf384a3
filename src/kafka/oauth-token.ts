import { type Config, currentValue } from '../config.ts'
import { EnrichmentError, type ErrorCode } from '../errors.ts'

const TIMEOUT_MS = 5_000
/** A token is not used in the last part of its life: clocks differ, and brokers may be slow. */
const USED_FOR = 0.8
/** RFC 6749 lets a server leave the life out. */
const LIFE_UNLESS_TOLD_SECONDS = 300

/**
 * A source of access tokens for Kafka's OAUTHBEARER, fetched with the grant client_credentials (RFC 6749, section 4.4) and
 * kept for 80 % of their life. Who asks while one is being fetched waits for that one.
 *
 * The source throws EnrichmentError KAFKA_UNAVAILABLE, or KAFKA_BAD_CREDENTIALS when it is refused; both name the setting.
 */
export function createTokenSource(config: Config<'kafka' | 'http'>): () => Promise<string> {
  // Only here: who logs in otherwise starts sooner without undici.
  const loading = import('../http/create-fetch.ts').then(({ createFetch }) => createFetch(config))
  let kept: { value: string; usedUntil: number } | undefined
  let fetching: Promise<string> | undefined
  return () => {
    if (kept !== undefined && Date.now() < kept.usedUntil) return Promise.resolve(kept.value)
    fetching ??= loading
      .then((fetch) => fetchToken(config, fetch))
      .then(({ value, lifeSeconds }) => {
        kept = { value, usedUntil: Date.now() + lifeSeconds * 1_000 * USED_FOR }
        return value
      })
      .finally(() => {
        fetching = undefined
      })
    return fetching
  }
}

async function fetchToken(
  config: Config<'kafka'>,
  fetch: typeof globalThis.fetch,
): Promise<{ value: string; lifeSeconds: number }> {
  const id = config.KAFKA_OAUTH_CLIENT_ID ?? ''
  const secret = currentValue(config, 'KAFKA_OAUTH_CLIENT_SECRET') ?? ''
  const address = config.KAFKA_OAUTH_TOKEN_URL ?? ''
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (config.KAFKA_OAUTH_SCOPE !== undefined) form.set('scope', config.KAFKA_OAUTH_SCOPE)
  const fail = (code: ErrorCode, why: string, cause?: unknown) =>
    new EnrichmentError(code, `no token for Kafka from KAFKA_OAUTH_TOKEN_URL ${address}: ${why}`, {
      cause,
    })
  let response: Response
  let body: { access_token?: unknown; expires_in?: unknown; error?: unknown; error_description?: unknown }
  try {
    response = await fetch(address, {
      method: 'POST',
      // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
      headers: {
        authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    body = JSON.parse(await response.text())
  } catch (error) {
    throw fail(
      'KAFKA_UNAVAILABLE',
      error instanceof Error ? String(error.cause ?? error.message) : String(error),
      error,
    )
  }
  if (!response.ok || typeof body.access_token !== 'string') {
    const why = [body.error, body.error_description].filter((text) => typeof text === 'string').join(', ')
    const remedy = 'look at KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_CLIENT_SECRET and KAFKA_OAUTH_SCOPE'
    // RFC 6749, section 5.2: 400 and 401 are of who asks; the rest may pass.
    const code = response.status < 500 && response.status >= 400 ? 'KAFKA_BAD_CREDENTIALS' : 'KAFKA_UNAVAILABLE'
    throw fail(code, `it answered ${response.status} ${why}: ${remedy}`)
  }
  const lifeSeconds = Number(body.expires_in ?? LIFE_UNLESS_TOLD_SECONDS) || LIFE_UNLESS_TOLD_SECONDS
  return { value: body.access_token, lifeSeconds }
}
