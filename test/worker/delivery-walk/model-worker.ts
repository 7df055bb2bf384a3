import type { StampedOffset } from '../../../src/worker/lane-commit.ts'
import type { KafkaLane } from '../../../src/worker/plan-start.ts'
import { tellDecision } from './judge.ts'
import type { ModelTransaction } from './model-kafka.ts'
import { GivenUp, ModelWork, type Possession, type Slot } from './model-work.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

interface Commit {
  step: 'store flush' | 'begin' | 'end' | 'wait' | 'store offsets'
  slots: Slot[]
  offsets: StampedOffset[]
  transaction: ModelTransaction | null
}

const PUT_BACK = 'the database was put back'

/** A worker process. One step is the least that can happen between two crashes. */
export class ModelWorker implements Possession {
  readonly name: string
  readonly #world: World
  readonly #work: ModelWork
  phase: 'away' | 'joined' | 'initialised' | 'taken over' | 'held' | 'started' | 'running' = 'away'
  /** Stopped by SIGSTOP or a long pause: it knows nothing of what happens meanwhile. */
  isFrozen = false
  isZombie = false
  fence = 0
  committed = new Map<string, bigint>()
  #epoch = 0
  /** The lane's fence before this takeover. */
  #formerFence = 0
  /** The fence under which the work in hand was begun. */
  #workFence = 0
  #flush = 0
  /** The count of commits that PostgreSQL was left with. */
  #storedFlush = 0
  /** The cluster that it compared with PostgreSQL, and the step at which it did. */
  #clusterId = ''
  #comparedAt = 0
  #commit: Commit | null = null
  #readEarly: KafkaLane | null = null

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
    this.#work = new ModelWork(this, world)
  }

  get isIdle(): boolean {
    return this.phase === 'running' && this.#commit === null && this.#work.isDone
  }

  /** SIGKILL: of a transaction, what is on the wire may still arrive. */
  crash(): void {
    if (this.phase !== 'away') this.#note('is gone')
    this.phase = 'away'
    this.#work.drop()
    this.#workFence = 0
    this.#commit = null
    this.isFrozen = false
    this.isZombie = false
    this.#world.leave(this)
  }

  /** Notices a rebalance, or that its session was lost, and joins with its work in hand. */
  rejoin(): void {
    this.isZombie = false
    this.#commit = null
    this.#world.leave(this)
    this.#join()
  }

  /** Once an hour, and of rows that ended a day ago or more: so not of those whose commit is being stored. */
  prune(): void {
    const { kafka, ledger, judge } = this.#world
    if (this.phase !== 'running' || this.isFrozen || this.#commit !== null || !ledger.admits(this.fence)) return
    for (const requestId of ledger.prune(this.committed, (id) => kafka.isRepeated(id))) {
      judge.forgotten(requestId)
      this.#note(`forgets ${requestId}`)
    }
  }

  step(random: Random): void {
    if (this.isFrozen) return
    try {
      this.#step(random)
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error
      this.#note(`gives up: ${error.message}`)
      this.rejoin()
    }
  }

  #step(random: Random): void {
    const commit = this.#commit
    if (this.phase === 'away') this.#join()
    else if (this.phase === 'joined' || this.phase === 'held') this.#initialise()
    else if (this.phase === 'initialised') this.#takeOver()
    else if (this.phase === 'taken over') this.#start()
    else if (commit !== null && (this.phase === 'started' || random.chance(0.5))) this.#goOnCommitting(commit)
    else if (this.phase === 'started') this.#storeOffsets()
    else this.#goOnWorking(random)
  }

  #join(): void {
    const { kafka, rules } = this.#world
    if (!this.#world.join(this)) {
      this.crash()
      return
    }
    this.#work.fetchFromCommitted()
    this.#readEarly = rules.initialisesFirst ? null : kafka.readLane()
    this.#to('joined')
  }

  #initialise(): void {
    this.#epoch = this.#world.kafka.initProducer()
    this.#to('initialised')
  }

  #takeOver(): void {
    const { fence, before } = this.#world.ledger.takeOver()
    this.#formerFence = before
    this.fence = fence
    this.#to('taken over')
  }

  #start(): void {
    const { kafka, ledger, rules, accepted, judge } = this.#world
    this.#checkFence()
    this.#clusterId = kafka.clusterId
    this.#comparedAt = judge.now
    const start = rules.planStart(this.#readEarly ?? kafka.readLane(), ledger.lane, accepted)
    if (start.kind === 'hold') {
      this.#work.drop()
      this.#to('held')
      this.#world.hold(start.causes)
      return
    }
    this.#world.starts()
    ledger.markAgain(start)
    if (!rules.keepsWork(start, this.#formerFence, this.#workFence)) this.#work.drop()
    this.#workFence = this.fence
    this.committed = new Map(start.topics.map(({ topic, from }) => [topic, from]))
    this.#work.dropCommitted()
    this.#flush = start.flush
    this.#storedFlush = ledger.lane.flush
    const moved = start.topics.filter(({ isMoved }) => isMoved).map(({ topic, from }) => `, ${topic} moved to ${from}`)
    this.#to('started', moved.join(''))
    if (start.mustCommit) this.#beginCommit([])
  }

  #goOnWorking(random: Random): void {
    const choice = random.int(5)
    if (choice <= 1) this.#work.fetch(random)
    if (choice === 2 && this.#commit === null) {
      const finished = this.#work.finished()
      if (finished.length > 0) this.#beginCommit(finished)
    } else this.#work.goOn(random)
  }

  #beginCommit(slots: Slot[]): void {
    const stamp = { flush: this.#flush + 1, fence: this.fence }
    const offsets = this.#world.rules.stampOffsets(this.committed, slots, stamp)
    this.#commit = { step: 'store flush', slots, offsets, transaction: null }
  }

  #goOnCommitting(commit: Commit): void {
    if (commit.step === 'store flush') {
      this.#checkFence()
      this.#checkHeartbeat()
      if (!this.#world.ledger.storeFlush(this.#storedFlush, this.#flush + 1)) throw new GivenUp(PUT_BACK)
      this.#world.counted()
      this.#flush += 1
      this.#storedFlush = this.#flush
      commit.step = 'begin'
    } else if (commit.step === 'begin') {
      this.#checkHeartbeat()
      const ends = commit.slots.flatMap(({ outcome }) => outcome ?? [])
      commit.transaction = this.#world.kafka.begin(this.#epoch, ends, commit.offsets)
      if (commit.transaction === null) throw new GivenUp('its producer is fenced')
      commit.step = 'end'
    } else if (commit.step === 'end') {
      if (commit.transaction?.state !== 'open') throw new GivenUp('its transaction was aborted')
      commit.transaction.state = 'ending'
      commit.step = 'wait'
    } else if (commit.step === 'wait') {
      if (commit.transaction?.state === 'ending') return
      if (commit.transaction?.state !== 'committed') throw new GivenUp('its transaction was aborted')
      for (const { topic, offset } of commit.offsets) this.committed.set(topic, offset)
      this.#work.remove(commit.slots)
      commit.step = 'store offsets'
    } else {
      this.#commit = null
      this.#storeOffsets()
    }
    this.#world.note(() => {
      const places = commit.offsets.map(({ topic, offset }) => `${topic} ${offset}`).join(', ')
      const ends = commit.slots.flatMap(({ outcome }) => outcome ?? []).map(tellDecision)
      return `${this.name} commits ${places} with ${ends.join('; ') || 'nothing'}; next: ${commit.step}`
    })
  }

  #storeOffsets(): void {
    this.#checkFence()
    if (!this.#world.ledger.storeOffsets(this.#clusterId, this.#storedFlush, this.committed))
      throw new GivenUp(PUT_BACK)
    if (this.phase === 'started') this.#world.started(this.#comparedAt)
    this.#to('running')
  }

  #checkFence(): void {
    if (!this.#world.ledger.admits(this.fence)) throw new GivenUp('its fence is old')
  }

  #checkHeartbeat(): void {
    if (this.isZombie && this.#world.rules.heedsHeartbeats) throw new GivenUp('its last heartbeat is old')
  }

  #to(phase: ModelWorker['phase'], more = ''): void {
    if (phase !== this.phase) this.#note(`is ${phase}${more}`)
    this.phase = phase
  }

  #note(line: string): void {
    this.#world.note(() => `${this.name} ${line}`)
  }
}
