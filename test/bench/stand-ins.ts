import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AMAZON_STAND_IN } from '../stack/stand-ins/amazon.ts'
import { MODEL_STAND_IN_KEY } from '../stack/stand-ins/model.ts'

export interface StandInOptions {
  /** Amazon requests a second that are allowed. */
  rate: number
  albums: number
  /** How long each takes to answer. */
  latencyMs: { amazon: number; model: number; image: number }
  /** Whether the model's latency is a median with a long tail. */
  modelTail: boolean
}

export interface StandInFigures {
  kind: 'figures'
  /** When each accepted Amazon request came, ascending, in milliseconds of one clock. */
  accepted: number[]
  /** Amazon requests, the refused ones too. */
  requests: number
  /** Of those refused because they came before their time. */
  early: number
  modelCalls: number
  images: number
}

interface Ready {
  kind: 'ready'
  amazonUrl: string
  tokenUrl: string
  modelUrl: string
  imageHost: string
  imageBytes: number
}

export type HostReport = Ready | StandInFigures

/** The stand-ins in their process (stand-in-host.ts). */
export class StandIns {
  readonly #host: ChildProcess
  readonly #ready: Ready

  private constructor(host: ChildProcess, ready: Ready) {
    this.#host = host
    this.#ready = ready
  }

  static async start(options: StandInOptions): Promise<StandIns> {
    const file = fileURLToPath(new URL('stand-in-host.ts', import.meta.url))
    const host = fork(file, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const ready = await next(host, 'ready')
    return new StandIns(host, ready)
  }

  get pid(): number {
    return this.#host.pid ?? 0
  }

  get imageBytes(): number {
    return this.#ready.imageBytes
  }

  /** Settings that lead the service here. */
  get env(): Record<string, string> {
    const { amazonUrl, tokenUrl, modelUrl, imageHost } = this.#ready
    return {
      AMAZON_URL: amazonUrl,
      AMAZON_TOKEN_URL: tokenUrl,
      AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
      AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
      AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
      AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
      OPENAI_BASE_URL: modelUrl,
      OPENAI_API_KEY: MODEL_STAND_IN_KEY,
      ARTWORK_INSECURE_HOST: imageHost,
    }
  }

  async figures(): Promise<StandInFigures> {
    const answer = next(this.#host, 'figures')
    this.#host.send('figures')
    return answer
  }

  async stop(): Promise<void> {
    this.#host.disconnect()
    await once(this.#host, 'exit')
  }
}

async function next<K extends HostReport['kind']>(
  host: ChildProcess,
  kind: K,
): Promise<Extract<HostReport, { kind: K }>> {
  const ended = new AbortController()
  const onExit = () => ended.abort(new Error('the stand-ins have ended'))
  host.once('exit', onExit)
  try {
    for (;;) {
      const [report] = (await once(host, 'message', { signal: ended.signal })) as [HostReport]
      if (report.kind === kind) return report as Extract<HostReport, { kind: K }>
    }
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error
  } finally {
    host.off('exit', onExit)
  }
}
