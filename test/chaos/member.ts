import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceProcess } from '../stack/service-process.ts'
import type { Chronicle } from './chronicle.ts'
import { now } from './clock.ts'
import type { KafkaProxies } from './kafka-proxies.ts'
import type { WireProxy } from './wire-proxy.ts'

export type Role = 'intake' | 'worker' | 'relay'

/** After it goes on a stopped process may need so long to find out what it has lost. */
const FINDS_OUT_WITHIN_MS = 1_000
/** Five at once, on a machine that others keep busy. */
const STARTS_WITHIN_MS = 180_000
/** SHUTDOWN_TIMEOUT_SECONDS, and some room for a machine that is kept busy. */
const LONGEST_STOP_MS = 30_000

function giveWay(pid: number): void {
  try {
    setPriority(pid, -5)
  } catch {
    // Only root may, and it may have ended.
  }
}

/** One process of the service with proxies of its own; it is started again and again under the same name. */
export class Member {
  readonly name: string
  readonly role: Role
  readonly kafka: KafkaProxies
  readonly database: WireProxy
  /** Exits that nobody asked for. */
  exits = 0
  readonly #env: Record<string, string>
  readonly #chronicle: Chronicle
  #service: ServiceProcess | undefined
  #isStopped = false

  constructor(
    name: string,
    role: Role,
    proxies: { kafka: KafkaProxies; database: WireProxy },
    env: Record<string, string>,
    chronicle: Chronicle,
  ) {
    this.name = name
    this.role = role
    this.kafka = proxies.kafka
    this.database = proxies.database
    this.#env = env
    this.#chronicle = chronicle
  }

  /** Whether it runs, and is not stopped. */
  get isUp(): boolean {
    return this.#service !== undefined && !this.#isStopped
  }

  get isRunning(): boolean {
    return this.#service !== undefined
  }

  start(): void {
    if (this.#service) return
    const service = new ServiceProcess(this.#env, ['run', this.role])
    this.#service = service
    this.#chronicle.note('started', this.name)
    service.onLog = ({ level, msg, code, cause, reason, err }) => {
      if (level === 'info' && !msg.startsWith('lane ')) return
      const why = reason ?? (err as Error | undefined)?.message
      this.#chronicle.note(['says:', msg, code ?? cause, why].filter(Boolean).join(' '), this.name)
    }
    void this.#watch(service)
    void this.#hurry(service)
  }

  /**
   * Once it runs it goes before whatever else keeps the machine busy (others that start, mostly): a sender that has to wait
   * for a processor cannot keep its pace.
   */
  async #hurry(service: ServiceProcess): Promise<void> {
    const isRunning = await service.waitForLog('service running', STARTS_WITHIN_MS).then(
      () => true,
      () => false,
    )
    if (isRunning && this.#service === service) giveWay(service.pid)
  }

  /** Until it says that it runs: it has met all its servers. */
  async untilRunning(): Promise<void> {
    const service = this.#service
    await service?.waitForLog('service running', STARTS_WITHIN_MS).catch((error) => {
      // Killed meanwhile, it need not.
      if (this.#service === service) throw error
    })
  }

  async kill(): Promise<void> {
    const service = this.#service
    if (!service) return
    this.#service = undefined
    this.#isStopped = false
    service.signal('SIGKILL')
    this.#chronicle.disturb('kill', this.name)
    await service.exited()
  }

  /** SIGTERM, and its end, for which it finishes what it has in the air; killed when that takes longer than it may. */
  async end(): Promise<void> {
    const service = this.#service
    if (!service) return
    this.#service = undefined
    const hasEnded = service.stop().then(() => true)
    if (await Promise.race([hasEnded, sleep(LONGEST_STOP_MS, false, { ref: false })])) return
    this.#chronicle.note('does not end', this.name)
    this.#chronicle.disturb('kill', this.name)
    service.signal('SIGKILL')
    await service.exited()
  }

  /** SIGSTOP, and SIGCONT once `until` resolves. */
  async suspend(until: Promise<unknown>): Promise<void> {
    const service = this.#service
    if (!service || this.#isStopped) return
    this.#isStopped = true
    service.signal('SIGSTOP')
    const stop = this.#chronicle.disturb('stop', this.name, now(), Number.POSITIVE_INFINITY)
    this.#chronicle.note('SIGSTOP', this.name)
    await until
    this.#isStopped = false
    service.signal('SIGCONT')
    stop.until = now() + FINDS_OUT_WITHIN_MS
    this.#chronicle.note('SIGCONT', this.name)
  }

  /** Causes for which it says to be held; none while it does not answer. */
  async holds(): Promise<string[]> {
    const answer = await this.#service?.get('/ready').catch(() => undefined)
    if (answer === undefined) return []
    const { parts } = JSON.parse(answer.text) as { parts: Record<string, { holds: { cause: string }[] }> }
    return parts[this.role]?.holds.map(({ cause }) => cause) ?? []
  }

  /** The last lines that it wrote. */
  tail(lines: number): string {
    return this.#service?.tail().split('\n').slice(-lines).join('\n') ?? ''
  }

  async #watch(service: ServiceProcess): Promise<void> {
    const status = await service.exited()
    if (this.#service !== service) return
    this.#service = undefined
    this.exits += 1
    this.#chronicle.disturb('kill', this.name)
    this.#chronicle.note(`ENDED BY ITSELF with ${status}: ${service.tail().slice(-2_000)}`, this.name)
    await sleep(1_000)
    this.start()
  }
}

export function membersUp(members: Member[], role: Role): Member[] {
  return members.filter((member) => member.role === role && member.isUp)
}
