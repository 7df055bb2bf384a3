import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AMAZON_STAND_IN } from '../stack/stand-ins/amazon.ts'
import { MODEL_STAND_IN_KEY } from '../stack/stand-ins/model.ts'
import { albumOf } from './albums.ts'

export const STAND_IN_TROUBLES = [
  'amazon throttles',
  'amazon fails',
  'amazon stalls',
  'model throttles',
  'model fails',
  'model stalls',
] as const

export interface StandInTrouble {
  /** slow model: every answer takes 3 s, which is no trouble but much work in flight. */
  kind: (typeof STAND_IN_TROUBLES)[number] | 'slow model'
  forMs: number
}

export type HostOrder =
  | { kind: 'open proxies'; process: string }
  | { kind: 'trouble'; trouble: StandInTrouble }
  | { kind: 'cut'; server: 'amazon' | 'model'; process: string }
  | { kind: 'figures' }

export type HostReport =
  | { kind: 'ready'; imageHost: string }
  | { kind: 'proxies'; process: string; amazonPort: number; modelPort: number }
  | { kind: 'call'; id: number; server: 'amazon' | 'model'; question: string; process: string; at: number }
  | { kind: 'answer'; id: number; at: number; isGood: boolean; isEarly: boolean }
  | { kind: 'figures'; early: number; images: number }

type ReportOf<K extends HostReport['kind']> = Extract<HostReport, { kind: K }>

/** A question that reached Amazon's or the model's stand-in. Times as by clock.ts. */
export interface PaidCall {
  server: 'amazon' | 'model'
  question: string
  /** undefined: about none of our albums. */
  album: number | undefined
  process: string
  at: number
  /** When a good answer had left whole; null: none did. */
  answeredAt: number | null
  /** Refused, since it came before its time. */
  isEarly: boolean
}

/** The stand-ins in their process (stand-in-host.ts), and what they were asked. */
export class StandIns {
  readonly calls: PaidCall[] = []
  /** Told of every answer when it leaves. */
  readonly onAnswer = new Set<(call: PaidCall) => void>()
  readonly #host: ChildProcess
  readonly #byId = new Map<number, PaidCall>()
  readonly #waiting = new Set<(report: HostReport) => void>()

  private constructor(host: ChildProcess) {
    this.#host = host
    host.on('message', (report: HostReport) => this.#note(report))
  }

  static async start(requestsPerSecond: number): Promise<{ standIns: StandIns; imageHost: string }> {
    const file = fileURLToPath(new URL('stand-in-host.ts', import.meta.url))
    const host = fork(file, [String(requestsPerSecond)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const standIns = new StandIns(host)
    const { imageHost } = await standIns.#next('ready')
    return { standIns, imageHost }
  }

  /** Settings that lead one service process here through proxies of its own. */
  async openProxies(process: string): Promise<Record<string, string>> {
    const opened = this.#next('proxies', (report) => report.process === process)
    this.#order({ kind: 'open proxies', process })
    const { amazonPort, modelPort } = await opened
    return {
      AMAZON_URL: `http://127.0.0.1:${amazonPort}`,
      AMAZON_TOKEN_URL: `http://127.0.0.1:${amazonPort}/auth/o2/token`,
      AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
      AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
      AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
      AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
      OPENAI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`,
      OPENAI_API_KEY: MODEL_STAND_IN_KEY,
    }
  }

  trouble(trouble: StandInTrouble): void {
    this.#order({ kind: 'trouble', trouble })
  }

  cut(server: 'amazon' | 'model', process: string): void {
    this.#order({ kind: 'cut', server, process })
  }

  async figures(): Promise<{ early: number; images: number }> {
    this.#order({ kind: 'figures' })
    return this.#next('figures')
  }

  async stop(): Promise<void> {
    this.#host.disconnect()
    await once(this.#host, 'exit')
  }

  #order(order: HostOrder): void {
    this.#host.send(order)
  }

  #note(report: HostReport): void {
    if (report.kind === 'call') {
      const { id, server, question, process, at } = report
      const call = { server, question, album: albumOf(question), process, at, answeredAt: null, isEarly: false }
      this.#byId.set(id, call)
      this.calls.push(call)
    } else if (report.kind === 'answer') {
      const call = this.#byId.get(report.id)
      if (!call) return
      call.isEarly = report.isEarly
      if (!report.isGood) return
      call.answeredAt = report.at
      for (const told of this.onAnswer) told(call)
    }
    for (const look of this.#waiting) look(report)
  }

  #next<K extends HostReport['kind']>(
    kind: K,
    fits: (report: ReportOf<K>) => boolean = () => true,
  ): Promise<ReportOf<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<ReportOf<K>>()
    const look = (report: HostReport) => {
      if (report.kind === kind && fits(report as ReportOf<K>)) resolve(report as ReportOf<K>)
    }
    const onExit = () => reject(new Error('the stand-ins have ended'))
    this.#waiting.add(look)
    this.#host.once('exit', onExit)
    return promise.finally(() => {
      this.#waiting.delete(look)
      this.#host.off('exit', onExit)
    })
  }
}
