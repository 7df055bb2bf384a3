import { LaneLease } from '../../../src/worker/lease/lane-lease.ts'
import type { KafkaLane } from '../../../src/worker/lease/plan-start.ts'
import { LeaseCalls } from './lease-calls.ts'
import { ModelPorts } from './model-ports.ts'
import { GivenUp, type LaneOwner, ModelWork } from './model-work.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const NOTHING_COMMITTED: ReadonlyMap<string, bigint> = new Map()

/**
 * A worker process: the service's own lease of the lane on a model of Kafka and PostgreSQL. One step is the least that
 * can happen between two crashes: one call of the lease's to the world, or one piece of work.
 */
export class ModelWorker implements LaneOwner {
  readonly name: string
  readonly #world: World
  readonly #work: ModelWork
  /** Stopped by SIGSTOP or a long pause: it knows nothing of what happens meanwhile. */
  isFrozen = false
  isZombie = false
  /** null while there is no process. */
  #lease: LaneLease | null = null
  #calls = new LeaseCalls()
  #session = new AbortController()
  /** What Kafka said when it joined, which weaker rules go by. */
  #readEarly: KafkaLane | null = null

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
    this.#work = new ModelWork(this, world)
  }

  get isAway(): boolean {
    return this.#lease === null || this.#lease.phase === 'standby'
  }

  get isIdle(): boolean {
    return this.#lease?.phase === 'owner' && this.#calls.isQuiet && this.#work.isDone
  }

  /** The fencing token. */
  get token(): number {
    return this.#lease?.token ?? 0
  }

  get committed(): ReadonlyMap<string, bigint> {
    return this.#lease?.committed ?? NOTHING_COMMITTED
  }

  get readEarly(): KafkaLane | null {
    return this.#readEarly
  }

  /** SIGKILL: of a transaction, what is on the wire may still arrive. */
  crash(): void {
    if (!this.isAway) this.note('is gone')
    this.#lease = null
    this.#calls = new LeaseCalls()
    this.#work.drop()
    this.isFrozen = false
    this.isZombie = false
    this.#world.leave(this)
  }

  /** Notices a rebalance, or that its session was lost, and joins with its work in hand. */
  async rejoin(): Promise<void> {
    this.isZombie = false
    this.#world.leave(this)
    this.#session.abort(new GivenUp('its session is over'))
    this.#lease?.suspend()
    await this.#calls.fail(this.#session.signal.reason)
    await this.#join()
  }

  /** Once an hour, and of rows that ended a day ago or more: so not of those whose commit is being stored. */
  prune(): void {
    const { kafka, ledger, judge } = this.#world
    if (this.#lease?.phase !== 'owner' || this.isFrozen || !this.#calls.isQuiet || !ledger.admits(this.token)) return
    for (const requestId of ledger.prune(this.committed, (id) => kafka.isRepeated(id))) {
      judge.forgotten(requestId)
      this.note(`forgets ${requestId}`)
    }
  }

  /** @returns a promise only if there is something to wait for: most steps are work */
  step(random: Random): Promise<void> | undefined {
    if (this.isFrozen) return
    try {
      return this.#step(random)?.catch((error) => this.#giveUp(error))
    } catch (error) {
      return this.#giveUp(error)
    }
  }

  #step(random: Random): Promise<void> | undefined {
    const lease = this.#lease
    if (lease === null || lease.phase === 'standby') return this.#join()
    if (!this.#calls.isQuiet && (lease.phase !== 'owner' || random.chance(0.5))) {
      const isLost = this.#world.failing > 0 && random.chance(0.03)
      return this.#calls.answer(isLost ? new GivenUp('an answer is lost') : undefined)
    }
    return lease.phase === 'owner' ? this.#goOnWorking(lease, random) : undefined
  }

  async #giveUp(error: unknown): Promise<void> {
    if (!(error instanceof GivenUp)) throw error
    this.note(`gives up: ${error.message}`)
    await this.rejoin()
  }

  async #join(): Promise<void> {
    const { kafka, rules } = this.#world
    if (!this.#world.join(this)) {
      if (this.#lease !== null) await this.#lease.release()
      return
    }
    this.#lease ??= this.#start()
    this.#work.fetchFromCommitted()
    this.#readEarly = rules.initialisesFirst ? null : kafka.readLane()
    this.#session = new AbortController()
    this.note('joins')
    await this.#calls.begin(this.#lease.acquire(this.#session.signal).then(() => this.#work.dropCommitted()))
  }

  /** A process comes up. */
  #start(): LaneLease {
    const ports = new ModelPorts(this, this.#calls, this.#world)
    ports.onWorkDropped = () => this.#work.drop()
    return new LaneLease(ports, this.#world.rules)
  }

  #goOnWorking(lease: LaneLease, random: Random): Promise<void> | undefined {
    const choice = random.int(5)
    if (choice <= 1) this.#work.fetch(random)
    if (choice !== 2 || !this.#calls.isQuiet) {
      this.#work.goOn(random)
      return
    }
    const finished = this.#work.finished()
    if (finished.length === 0) return
    const decisions = finished.flatMap(({ outcome }) => outcome ?? [])
    const records = decisions.map((decision) => ({ topic: decision.kind, key: null, value: null, decision }))
    return this.#calls.begin(lease.commit(records, finished).then(() => this.#work.remove(finished)))
  }

  note(line: string): void {
    this.#world.note(() => `${this.name} ${line}`)
  }
}
