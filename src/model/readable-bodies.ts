import { findJson } from './find-json.ts'

/** Shorter ones are no secret ("x", "token", "ollama"), and stand in what hosts say for other reasons. */
const SHORTEST_KEY = 8

/**
 * A fetch whose bodies the client reads as they are meant. It keeps of a refusal what stands in the body's `error`, and
 * hosts put it elsewhere: so the whole body goes there, as `error.body`. Hosts repeat the key in their refusals, so it is
 * taken out. Of an answer it takes for JSON only what is called so.
 */
export function withReadableBodies(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (url, init) => {
    const response = await fetch(url, init)
    const type = response.headers.get('content-type') ?? ''
    if (response.ok)
      return /application\/json|\+json/i.test(type) || response.body === null ? response : readAnyhow(response, type)
    const key = new Headers(init?.headers).get('authorization')?.replace(/^Bearer /, '') ?? ''
    const text = await response.text()
    const body = parse(key.length < SHORTEST_KEY ? text : text.replaceAll(key, '(hidden)'))
    return asJson(response, JSON.stringify({ error: { body } }))
  }
}

/** Gateways send JSON as a text, without a type, or as the one event of a stream that nobody asked for. */
async function readAnyhow(response: Response, type: string): Promise<Response> {
  const text = await response.text()
  const isJson = /event-stream/i.test(type) || /^\s*(data:\s*)?\{/.test(text)
  const json = isJson ? findJson(text)[0] : undefined
  if (json !== undefined) return asJson(response, JSON.stringify(json))
  return new Response(text, { status: response.status, headers: response.headers })
}

function asJson({ status, headers: given }: Response, body: string): Response {
  const headers = new Headers(given)
  headers.set('content-type', 'application/json')
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  return new Response(body, { status, headers })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
