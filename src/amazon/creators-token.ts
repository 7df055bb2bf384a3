import { z } from 'zod'
import { copyOf, EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import type { HttpReply, HttpRequest } from './http-client.ts'

export interface TokenSource {
  /**
   * The current token, fetched or renewed when needed; callers at one time share one fetch.
   *
   * @throws EnrichmentError AMAZON_BAD_CREDENTIALS, AMAZON_THROTTLED, AMAZON_UNAVAILABLE
   */
  get(signal: AbortSignal): Promise<string>
  /** Amazon refused this token; does nothing when it was replaced already. */
  drop(token: string): void
}

export interface TokenOptions {
  /** undefined: Amazon's own for the credential version. */
  tokenUrl: string | undefined
  credentialId: string
  credentialSecret: string | (() => string)
  /** 2.1 to 3.3, as Associates Central shows it beside the credential. */
  credentialVersion: string
  post: (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply>
  onFetched: (seen: { status: number | null; result: 'ok' | ErrorCode; durationMs: number }) => void
}

/** Source: affiliate-program.amazon.com/creatorsapi/docs, get-started/using-curl. */
const TOKEN_URLS: Record<string, string> = {
  '2.1': 'https://creatorsapi.auth.us-east-1.amazoncognito.com/oauth2/token',
  '2.2': 'https://creatorsapi.auth.eu-south-2.amazoncognito.com/oauth2/token',
  '2.3': 'https://creatorsapi.auth.us-west-2.amazoncognito.com/oauth2/token',
  '3.1': 'https://api.amazon.com/auth/o2/token',
  '3.2': 'https://api.amazon.co.uk/auth/o2/token',
  '3.3': 'https://api.amazon.co.jp/auth/o2/token',
}

/** As Amazon's own SDK renews. */
const RENEW_BEFORE_EXPIRY_MS = 30_000

const tokenReply = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().catch(3600) })
const tokenRefusal = z.object({ error: z.string(), error_description: z.string().nullish().catch(null) })

/** @throws EnrichmentError CONFIG_INVALID for a credential version that Amazon does not have */
export function createTokenSource(options: TokenOptions): TokenSource {
  const url = options.tokenUrl ?? TOKEN_URLS[options.credentialVersion]
  if (url === undefined) {
    const known = Object.keys(TOKEN_URLS).join(', ')
    throw new EnrichmentError('CONFIG_INVALID', `AMAZON_CREDENTIAL_VERSION: wants one of ${known}`)
  }
  let current: { token: string; renewAt: number } | undefined
  let fetching: Promise<string> | undefined

  async function fetchToken(): Promise<string> {
    const started = performance.now()
    const seen = (status: number | null, result: 'ok' | ErrorCode) =>
      options.onFetched({ status, result, durationMs: performance.now() - started })
    let status: number | null = null
    try {
      // Not the caller's signal: others wait for the same token. The client's time-out bounds it.
      const reply = await options.post(tokenRequest(url as string, options), new AbortController().signal)
      status = reply.status
      const parsed = tokenReply.safeParse(reply.json)
      if (reply.status !== 200 || !parsed.success) throw explainRefusal(reply, options.credentialVersion)
      const { access_token: token, expires_in: seconds } = parsed.data
      // Counted from before the request: the reply may have been long on its way.
      current = { token, renewAt: started + seconds * 1000 - RENEW_BEFORE_EXPIRY_MS }
      seen(status, 'ok')
      return token
    } catch (error) {
      seen(status, error instanceof EnrichmentError ? error.code : 'INTERNAL')
      throw error
    }
  }

  return {
    async get(signal) {
      if (current && performance.now() < current.renewAt) return current.token
      // Here, since it may fail before it has been assigned: a failure that stayed would be everybody's for ever.
      fetching ??= fetchToken().finally(() => {
        fetching = undefined
      })
      return orAborted(
        fetching.catch((error) => Promise.reject(copyOf(error))),
        signal,
      )
    },
    drop(token) {
      if (current?.token === token) current = undefined
    },
  }
}

function tokenRequest(url: string, { credentialId, credentialSecret, credentialVersion }: TokenOptions): HttpRequest {
  const json = isJsonVersion(credentialVersion)
  const fields = {
    grant_type: 'client_credentials',
    client_id: credentialId,
    client_secret: readSecret(credentialSecret),
    scope: json ? 'creatorsapi::default' : 'creatorsapi/default',
  }
  return {
    url,
    headers: {
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: json ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
  }
}

/** @throws EnrichmentError AMAZON_BAD_CREDENTIALS where its file is not readable, or empty: that is waited for, and read anew */
function readSecret(secret: TokenOptions['credentialSecret']): string {
  try {
    return typeof secret === 'string' ? secret : secret()
  } catch (error) {
    throw new EnrichmentError('AMAZON_BAD_CREDENTIALS', toEnrichmentError(error).message, { cause: error })
  }
}

/** Credentials of version 3 use Login with Amazon (JSON), those of version 2 Amazon Cognito (a form). */
export function isJsonVersion(credentialVersion: string): boolean {
  return credentialVersion.startsWith('3.')
}

/**
 * Neither is about the credential, whatever status it comes with: how Cognito and gateways word a throttle, and the two
 * errors of OAuth that pass (RFC 6749, 4.1.2.1, which servers use here as well).
 */
const THROTTLE = /too.?many.?requests|slow.?down|throttl|rate exceeded|limit exceeded/i
const PASSING = ['temporarily_unavailable', 'server_error']

function explainRefusal(reply: HttpReply, version: string): EnrichmentError {
  const refusal = tokenRefusal.safeParse(reply.json)
  const { error = '', error_description: description } = refusal.data ?? {}
  if (reply.status === 429 || THROTTLE.test(`${error} ${description}`)) {
    const { status, retryAfterMs } = reply
    const message = `${status} at the token endpoint: ${error || 'too many requests'}`
    return new EnrichmentError('AMAZON_THROTTLED', message, retryAfterMs === undefined ? {} : { retryAfterMs })
  }
  if (reply.status >= 400 && reply.status < 500 && refusal.success && !PASSING.includes(error)) {
    return new EnrichmentError(
      'AMAZON_BAD_CREDENTIALS',
      `${reply.status} ${error}: ${description ?? 'no description'}. Amazon refuses a token: check AMAZON_CREDENTIAL_ID, ` +
        `AMAZON_CREDENTIAL_SECRET and AMAZON_CREDENTIAL_VERSION (now ${version}) against Associates Central > ` +
        'Creators API; new credentials take up to 48 hours to work.',
    )
  }
  const said = reply.json === undefined ? reply.excerpt : error || 'JSON'
  return new EnrichmentError(
    'AMAZON_UNAVAILABLE',
    `${reply.status} and no token from the token endpoint (${JSON.stringify(said)})`,
  )
}
