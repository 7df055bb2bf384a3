import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Reply, refusals } from './amazon-refusals.ts'

export type Operation = 'getItems' | 'searchItems' | 'token'

/** What the stand-in was told to do instead of answering honestly. */
export interface Behaviour {
  /** Only this operation; else every one but token. */
  operation?: Operation
  /** Only queries of which this is true. */
  when?: (query: string) => boolean
  /** How many requests; for ever when absent. */
  times?: number
  /** Answers so: text as it is, anything else as JSON. Absent: the honest reply. */
  status?: number
  body?: unknown
  headers?: Record<string, string>
  /** Waits so long before it answers. */
  delayMs?: number
  /** Waits for it before it answers. */
  until?: Promise<unknown>
  /**
   * stall: never answers; reset: closes the connection without an answer; cut: closes it in the middle of the reply;
   * endless: a reply without an end, as fast as it is read; drip: one byte now and then.
   */
  fault?: 'stall' | 'reset' | 'cut' | 'endless' | 'drip'
}

/** What real trouble looks like, to be spread into `behave({ ...trouble.throttled(2), times: 1 })`. */
export const trouble = {
  throttled: (retryAfterSeconds?: number): Behaviour => refusals.throttled(retryAfterSeconds),
  /** The hint in the header, which Amazon documents nowhere. */
  throttledByHeader: (retryAfter: string): Behaviour => ({
    ...refusals.throttled(),
    headers: { 'retry-after': retryAfter },
  }),
  internal: (): Behaviour => refusals.internal(),
  notEligible: (): Behaviour => refusals.notEligible(),
  invalidRequest: (): Behaviour => refusals.invalid('title', 'titles are not wanted today'),
  invalidAssociate: (): Behaviour => refusals.invalidAssociate(),
  invalidIssuer: (): Behaviour => refusals.token('InvalidIssuer'),
  tokenExpired: (): Behaviour => refusals.token('TokenExpired'),
  retired: (): Behaviour => refusals.retired(),
  html: (status = 503): Behaviour => ({
    status,
    body: '<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>',
    headers: { 'content-type': 'text/html' },
  }),
  garbage: (): Behaviour => ({ status: 200, body: '{"searchResult": {"items": [{"asin"' }),
  empty: (): Behaviour => refusals.noResults('nothing'),
}

/** Behaviours told, the latest first. */
export function createBehaviours() {
  let told: { behaviour: Behaviour; left: number }[] = []
  return {
    add: (behaviour: Behaviour) => {
      told.unshift({ behaviour, left: behaviour.times ?? Number.POSITIVE_INFINITY })
    },
    /** The behaviour for this request, which it uses up; undefined: be honest. */
    take(operation: Operation, query: string): Behaviour | undefined {
      const fits = ({ behaviour }: { behaviour: Behaviour }) =>
        (behaviour.operation ? behaviour.operation === operation : operation !== 'token') &&
        (behaviour.when?.(query) ?? true)
      const found = told.find(fits)
      if (found) found.left -= 1
      told = told.filter(({ left }) => left > 0)
      return found?.behaviour
    },
    clear: () => {
      told = []
    },
  }
}

/** Sends the reply, or misbehaves as told. */
export async function respond(response: ServerResponse, reply: Reply, behaviour: Behaviour | undefined): Promise<void> {
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
  const headers = { 'content-type': 'application/json', ...reply.headers }
  switch (behaviour?.fault) {
    case 'stall':
      return
    case 'reset':
      response.destroy()
      return
    case 'cut':
      response.writeHead(reply.status, { ...headers, 'content-length': Buffer.byteLength(text) })
      response.write(text.slice(0, text.length / 2), () => response.destroy())
      return
    case 'endless':
    case 'drip': {
      const chunk = behaviour.fault === 'drip' ? ' ' : ' '.repeat(100_000)
      response.writeHead(reply.status, headers)
      while (!response.destroyed) {
        response.write(chunk)
        await sleep(behaviour.fault === 'drip' ? 50 : 1)
      }
      return
    }
    default:
      response.writeHead(reply.status, headers).end(text)
  }
}
