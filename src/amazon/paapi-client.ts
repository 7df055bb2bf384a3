import { AsyncLocalStorage } from 'node:async_hooks'
import diagnosticsChannel from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { z } from 'zod'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'

/** A reply, or what a refusal came with. */
export interface PaapiAnswer {
  status: number
  /** The SDK's object for 200, the parsed body otherwise. */
  body: unknown
  retryAfterMs: number | undefined
}

export interface PaapiClientOptions {
  /** undefined: Amazon's host of the marketplace. */
  url: string | undefined
  accessKey: string
  secretKey: string
  marketplace: string
  partnerTag: string
  timeoutMs: number
}

type Call = (
  operation: 'getItems' | 'searchItems',
  fields: Record<string, unknown>,
  onSent: () => void,
  signal: AbortSignal,
) => Promise<PaapiAnswer>

/** What superagent rejects with when there was a reply (amazon-paapi 1.1.0 hands it on). */
const refused = z.object({
  status: z.int(),
  response: z.object({ body: z.unknown(), headers: z.record(z.string(), z.unknown()).catch({}) }),
})

/** Who waits to hear that the request of this call is written. */
const whoWaits = new AsyncLocalStorage<() => void>()
let listening = false

/** The package does not tell when a request goes onto the wire; Node does, for every request made in our context. */
function listenForSends(): void {
  if (listening) return
  listening = true
  diagnosticsChannel.subscribe('http.client.request.created', (event) => {
    const onSent = whoWaits.getStore()
    const { request } = event as { request: ClientRequest }
    if (onSent) request.once('finish', onSent)
  })
}

/** Loaded on first use: 48 packages that nobody needs who uses the Creators API. */
async function loadPackage({ url, timeoutMs }: PaapiClientOptions) {
  const [{ default: paapi }, { default: sdk }] = await Promise.all([
    import('amazon-paapi'),
    import('amazon-paapi/SDK/src/index.js'),
  ])
  // One client for the process: its time-out closes the connection, ours answers the caller.
  sdk.ApiClient.instance.timeout = timeoutMs
  // The package hard-codes https and Amazon's host; this is its only way to another server.
  if (url !== undefined) sdk.ApiClient.instance.buildUrl = (path) => url.replace(/\/+$/, '') + path
  return paapi
}

/**
 * PA-API 5.0 through the `amazon-paapi` package, with what it lacks: a time-out of its own, an abort signal, the moment of
 * sending, and types. The package keeps keys and host in one object, so a process has one account.
 */
export function createPaapiClient(options: PaapiClientOptions): Call {
  const { accessKey, secretKey, partnerTag, marketplace, timeoutMs } = options
  const common = { AccessKey: accessKey, SecretKey: secretKey, PartnerTag: partnerTag, Marketplace: marketplace }
  let loading: ReturnType<typeof loadPackage> | undefined

  return async (operation, fields, onSent, signal) => {
    loading ??= loadPackage(options)
    const paapi = await loading
    listenForSends()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(tooLate(timeoutMs)), timeoutMs)
    const either = AbortSignal.any([signal, deadline.signal])
    try {
      const call = operation === 'getItems' ? paapi.GetItems : paapi.SearchItems
      const reply = whoWaits.run(onSent, () => call({ ...common, PartnerType: 'Associates' }, fields))
      return { status: 200, body: await orAborted(reply, either), retryAfterMs: undefined }
    } catch (error) {
      if (either.aborted) throw either.reason
      return readRejection(error, marketplace)
    } finally {
      clearTimeout(timer)
    }
  }
}

const tooLate = (timeoutMs: number) =>
  new EnrichmentError('AMAZON_UNAVAILABLE', `PA-API did not answer completely in ${timeoutMs} ms`)

/** @throws EnrichmentError CONFIG_INVALID, AMAZON_UNAVAILABLE when the rejection is no reply of Amazon */
function readRejection(error: unknown, marketplace: string): PaapiAnswer {
  const reply = refused.safeParse(error)
  if (reply.success) {
    const seconds = Number(reply.data.response.headers['retry-after'])
    const { status, response } = reply.data
    return { status, body: response.body, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined }
  }
  // The package rejects with this text when its list lacks the site (Egypt, Ireland).
  if (error === 'Invalid Marketplace Value.') {
    throw new EnrichmentError(
      'CONFIG_INVALID',
      `AMAZON_MARKETPLACE: the amazon-paapi package does not know ${marketplace}. Set AMAZON_API=creators or another site.`,
    )
  }
  const message = error instanceof Error ? error.message : String(error)
  throw new EnrichmentError('AMAZON_UNAVAILABLE', `PA-API did not answer completely: ${message}`, { cause: error })
}
