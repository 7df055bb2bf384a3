import type { Dispatcher } from 'undici'
import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import { readBody, sendRequest, USER_AGENT } from '../../http/send-request.ts'
import { type AllowedHosts, checkImageUrl, nameImage } from './check-image-url.ts'
import type { ImageAgents } from './create-image-agents.ts'

/** Bounds of one download. */
export interface FetchLimits {
  /** From the call to the last byte, redirects included. */
  totalMs: number
  /** From the request to the answer's head. */
  headersMs: number
  /** Between two pieces of the body. */
  idleMs: number
  maxBytes: number
}

/** Amazon's largest covers are about 3 MB and arrive within a second; beyond these bounds something is wrong. */
export const FETCH_LIMITS: FetchLimits = { totalMs: 10_000, headersMs: 5_000, idleMs: 3_000, maxBytes: 15 * 2 ** 20 }

const MAX_REDIRECTS = 3
const MAX_DUMPED_BYTES = 16_384
const REDIRECTS = [301, 302, 303, 307, 308]
/** Statuses below 500 with which a host asks to come again. */
const PASSING_STATUSES = [408, 425, 429]
/** With a page for people these are a guard's, who may let us pass later; without one they are the host's own word. */
const GUARDS_STATUSES = [401, 403, 451]
/** A browser's name would be a lie, and none looks like a robot that hides. */
const IMAGE_USER_AGENT = `${USER_AGENT} (cover art of a music catalogue)`

export interface FetchOptions extends AllowedHosts {
  agents: ImageAgents
  limits?: FetchLimits
}

/**
 * Downloads what should be an image, from allowed hosts on public addresses only. The bytes are not looked at.
 *
 * @throws EnrichmentError ARTWORK_UNAVAILABLE (passing); ARTWORK_HOST_REFUSED, ARTWORK_ADDRESS_REFUSED,
 *   ARTWORK_TOO_LARGE, ARTWORK_NOT_AN_IMAGE, ARTWORK_NOT_FOUND (final); the signal's reason when it is aborted
 */
export async function fetchImage(text: string, options: FetchOptions, signal: AbortSignal): Promise<Buffer> {
  const limits = options.limits ?? FETCH_LIMITS
  const ended = AbortSignal.any([signal, AbortSignal.timeout(limits.totalMs)])
  let url = checkImageUrl(text, options)
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await askForImage(url, options.agents, limits, ended)
      const verdict = judgeHead(answer, url, limits)
      if (verdict === 'good') return await readBody(answer, limits.maxBytes, () => tooLarge(url, limits.maxBytes))

      // Reads the rest of a short body, so that the connection can be used again, and cuts off a long one.
      await answer.body.dump({ limit: MAX_DUMPED_BYTES, signal: ended })
      if (verdict instanceof EnrichmentError) throw verdict
      // Every hop is checked like the first: an open redirect on an allowed host must lead nowhere else.
      url = checkImageUrl(verdict.location, options, url)
    }
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof EnrichmentError) throw thrown
    const { message } = toEnrichmentError(thrown)
    throw new EnrichmentError('ARTWORK_UNAVAILABLE', `${nameImage(url)} did not come: ${message}`, { cause: thrown })
  }
  throw new EnrichmentError('ARTWORK_NOT_FOUND', `${nameImage(url)} is behind more than ${MAX_REDIRECTS} redirects.`)
}

function askForImage(
  url: URL,
  agents: ImageAgents,
  limits: FetchLimits,
  ended: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return sendRequest(url, {
    dispatcher: url.protocol === 'https:' ? agents.guarded : agents.unguarded,
    headers: {
      'user-agent': IMAGE_USER_AGENT,
      accept: 'image/jpeg,image/png,image/webp,image/gif',
      'accept-encoding': 'identity',
    },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
    signal: ended,
  })
}

/** What the answer's status and headers say: read its body, go elsewhere, or give up. */
function judgeHead(
  { statusCode, headers }: Dispatcher.ResponseData,
  url: URL,
  { maxBytes }: FetchLimits,
): 'good' | { location: string } | EnrichmentError {
  const { location, 'content-type': type, 'content-length': length } = headers
  if (REDIRECTS.includes(statusCode) && typeof location === 'string') return { location }
  const isPage = typeof type === 'string' && /^(text\/html|application\/xhtml)/i.test(type)
  const isGuarded = isPage && GUARDS_STATUSES.includes(statusCode)
  if (statusCode >= 500 || PASSING_STATUSES.includes(statusCode) || isGuarded) {
    return new EnrichmentError('ARTWORK_UNAVAILABLE', `${nameImage(url)} did not come: status ${statusCode}.`)
  }
  if (statusCode !== 200) {
    return new EnrichmentError('ARTWORK_NOT_FOUND', `${nameImage(url)} is not given out: status ${statusCode}.`)
  }
  if (typeof type !== 'string' || !/^image\//i.test(type)) {
    return new EnrichmentError('ARTWORK_NOT_AN_IMAGE', `${nameImage(url)} has content type ${type ?? '(none)'}.`)
  }
  return Number(length) > maxBytes ? tooLarge(url, maxBytes) : 'good'
}

const tooLarge = (url: URL, maxBytes: number) =>
  new EnrichmentError('ARTWORK_TOO_LARGE', `${nameImage(url)} has more than ${maxBytes} bytes.`)
