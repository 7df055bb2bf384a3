import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkChatRequest, refuse } from './model-checks.ts'
import { judge, type Question, readQuestion } from './model-judgement.ts'

/** The one API key that the stand-in knows. */
export const MODEL_STAND_IN_KEY = 'sk-stand-in-model-key'

/** What to do instead of answering honestly; without any of the ways to fail, only `times` honest answers. */
export interface ModelBehaviour {
  /** How many requests; for ever when absent. */
  times?: number
  /** Of which requests; absent: of all. */
  when?: (call: ModelCall) => boolean
  /** Waits for it before it answers. */
  until?: Promise<unknown>
  /** Answers so: text as it is, anything else as JSON. */
  status?: number
  body?: unknown
  headers?: Record<string, string>
  /** head: never answers; body: sends the head of an answer and no more. */
  stall?: 'head' | 'body'
  /** Status 200 and no JSON. */
  garbage?: boolean
  /** Refuses with these words. */
  refusal?: string
  /** The answer ends in the middle, for this reason. */
  cut?: 'length' | 'content_filter'
  /** Changes the text of the honest answer. */
  rewrite?: (content: string, question: Question) => string
  /** Leaves out the usage figures, as some compatible hosts do. */
  withoutUsage?: boolean
}

export interface ModelCall {
  /** performance.now() when the request had arrived. */
  at: number
  /** Title of the album asked about, if it could be read. */
  album?: string
  /** The request's body as it came. */
  body: string
  /** Of the reply; null while none was sent. */
  status: number | null
  /** The port that it came from. */
  from: number
}

export interface ModelStandInOptions {
  /** How long a reply takes. */
  latencyMs?: number | (() => number)
  /** 0 or absent takes a free one. */
  port?: number
  /** Of this machine. */
  host?: string
  /** Told of each request when it has come, and when its reply has left whole. */
  onCall?: (call: ModelCall, moment: 'came' | 'left') => void
}

export interface ModelStandIn {
  /** Base URL, with /v1. */
  url: string
  calls: ModelCall[]
  /** Replaces what was told before. */
  behave(behaviour: ModelBehaviour): void
  /** Honest again, and no calls counted. */
  reset(): void
  close(): Promise<void>
}

/** A host of a language model that speaks OpenAI's chat completions over real HTTP, and is as strict. */
export async function startModelStandIn(options: ModelStandInOptions = {}): Promise<ModelStandIn> {
  const { port = 0, host = '127.0.0.1' } = options
  const calls: ModelCall[] = []
  let told: ModelBehaviour = {}
  let left = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
      return send(response, refuse(404, `Invalid URL (${request.method} ${request.url})`, 'unknown_url'))
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const question = findQuestion(text)
    const call: ModelCall = {
      at: performance.now(),
      body: text,
      ...(question && { album: question.album.title }),
      status: null,
      from: request.socket.remotePort ?? 0,
    }
    calls.push(call)
    options.onCall?.(call, 'came')
    response.once('finish', () => {
      call.status = response.statusCode
      options.onCall?.(call, 'left')
    })
    const isConcerned = left > 0 && (told.when?.(call) ?? true)
    const behaviour = isConcerned ? told : {}
    if (isConcerned) left -= 1
    const { latencyMs = 0 } = options
    await sleep(typeof latencyMs === 'number' ? latencyMs : latencyMs())
    await behaviour.until

    if (behaviour.stall === 'head') return
    if (behaviour.status !== undefined)
      return send(response, { status: behaviour.status, body: behaviour.body ?? '', headers: behaviour.headers ?? {} })
    if (behaviour.garbage) return send(response, { status: 200, body: '{"choices": [{"mess' })
    if (request.headers.authorization !== `Bearer ${MODEL_STAND_IN_KEY}`)
      return send(response, refuse(401, 'Incorrect API key provided: sk-*****.', 'invalid_api_key'))
    const refusal = checkChatRequest(parse(text))
    if (refusal) return send(response, refusal)
    if (question === null) return send(response, refuse(400, 'The stand-in finds no album in the prompt.'))
    const body = complete(text, question, behaviour)
    if (behaviour.stall === 'body') {
      response.writeHead(200, { 'content-type': 'application/json' }).write(JSON.stringify(body).slice(0, 20))
      return
    }
    send(response, { status: 200, body })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  // As long as real hosts keep a connection: with Node's 5 s one may be closed just as it is used again.
  server.keepAliveTimeout = 60_000
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port')

  return {
    url: `http://${host}:${address.port}/v1`,
    calls,
    behave(behaviour) {
      told = behaviour
      left = behaviour.times ?? Number.POSITIVE_INFINITY
    },
    reset() {
      left = 0
      calls.length = 0
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** A reply as OpenAI's: the answer in the first choice, tokens counted as four letters each. */
function complete(request: string, question: Question, behaviour: ModelBehaviour) {
  const honest = JSON.stringify({ verdicts: judge(question) })
  const content = behaviour.rewrite?.(honest, question) ?? honest
  const cut = behaviour.cut === undefined ? content : content.slice(0, content.length / 2)
  const tokens = { prompt_tokens: Math.ceil(request.length / 4), completion_tokens: Math.ceil(cut.length / 4) }
  return {
    id: 'chatcmpl-stand-in',
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: (parse(request) as { model: string }).model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: behaviour.refusal === undefined ? cut : null,
          refusal: behaviour.refusal ?? null,
        },
        finish_reason: behaviour.cut ?? 'stop',
        logprobs: null,
      },
    ],
    ...(behaviour.withoutUsage
      ? {}
      : { usage: { ...tokens, total_tokens: tokens.prompt_tokens + tokens.completion_tokens } }),
  }
}

function findQuestion(text: string) {
  const body = parse(text) as { messages?: { content?: unknown }[] } | undefined
  const contents = Array.isArray(body?.messages) ? body.messages.map((message) => String(message?.content)) : []
  return contents.map(readQuestion).find((question) => question !== null) ?? null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function send(
  response: ServerResponse,
  { status, body, headers }: { status: number; body: unknown; headers?: Record<string, string> },
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}
