import type { OutgoingRecord } from '../../../src/kafka/delivery.ts'
import type { LanePosition } from '../../../src/worker/lane-position.ts'
import type { StampedOffset } from '../../../src/worker/lease/lane-commit.ts'
import type { LeaseProducer, Standing } from '../../../src/worker/lease/lease-phase.ts'
import type { FoundRow, LeasePorts } from '../../../src/worker/lease/lease-ports.ts'
import type { HoldCause, KafkaLane } from '../../../src/worker/lease/plan-start.ts'
import { type Decision, tellDecision } from './judge.ts'
import type { LeaseCalls } from './lease-calls.ts'
import { GivenUp, type LaneOwner } from './model-work.ts'
import type { World } from './world.ts'

const PUT_BACK = 'the database was put back'

/** A worker as its ports see it. */
interface Process extends LaneOwner {
  readonly readEarly: KafkaLane | null
  note(line: string): void
}

/** The model of Kafka and PostgreSQL as the lease needs it: each call is one step of the walk. */
export class ModelPorts implements LeasePorts {
  readonly #process: Process
  readonly #calls: LeaseCalls
  readonly #world: World
  /** What the start at hand goes by, and the step of the walk at which it was read. */
  #found: FoundRow = { clusterId: null, flush: 0, offsets: {}, accepted: [] }
  #compared: { kafka: KafkaLane; at: number } | null = null
  onWorkDropped: () => void = () => undefined

  constructor(process: Process, calls: LeaseCalls, world: World) {
    this.#process = process
    this.#calls = calls
    this.#world = world
  }

  async openProducer(): Promise<LeaseProducer> {
    const { kafka } = this.#world
    const epoch = await this.#calls.call(() => kafka.initProducer())
    return { commit: (records, offsets) => this.#commit(epoch, records, offsets), close: () => Promise.resolve() }
  }

  takeRow(onDrawn: (token: number, found: number) => void) {
    const { ledger, accepted } = this.#world
    return this.#calls.call(() => {
      const { fence, before } = ledger.takeOver()
      onDrawn(fence, before)
      this.#found = { ...ledger.lane, accepted: [...accepted] }
      this.#process.note(`has taken the lane over`)
      return { token: fence, former: before, lane: this.#found }
    })
  }

  readOffsets(): Promise<KafkaLane> {
    const { kafka, judge } = this.#world
    return this.#calls.call(() => {
      this.#compared = { kafka: this.#process.readEarly ?? kafka.readLane(), at: judge.now }
      return this.#compared.kafka
    })
  }

  demandHeld(token: number): Promise<void> {
    return this.#calls.call(() => this.#checkToken(token))
  }

  markReplays(position: LanePosition, token: number): Promise<void> {
    const { ledger } = this.#world
    return this.#calls.call(() => {
      this.#world.starts(this.#compared?.kafka, this.#found)
      const moved = position.topics.filter(({ isMoved }) => isMoved).map(({ topic, from }) => `${topic} to ${from}`)
      this.#process.note(`starts; moved: ${moved.join(', ') || 'nothing'}`)
      if (position.formerCluster === null && moved.length === 0) return
      this.#checkToken(token)
      ledger.markAgain(position)
    })
  }

  waitForAcceptance(causes: readonly HoldCause[]): Promise<void> {
    return this.#calls.call(() => this.#world.hold(causes))
  }

  get isConfirmed(): boolean {
    return !this.#process.isZombie || !this.#world.rules.heedsHeartbeats
  }

  async confirmed(): Promise<void> {
    if (!this.isConfirmed) throw new GivenUp('its last heartbeat is old')
  }

  countCommit({ token, counted }: Standing, commit: number): Promise<void> {
    const { ledger } = this.#world
    return this.#calls.call(() => {
      this.#checkToken(token)
      if (!ledger.storeFlush(counted, commit)) throw new GivenUp(PUT_BACK)
      this.#world.counted()
    })
  }

  storeStart(standing: Standing): Promise<void> {
    return this.#calls.call(() => {
      this.#storeOffsets(standing)
      this.#world.started(this.#compared?.at ?? 0)
      this.#process.note('has started')
    })
  }

  storeProgress(standing: Standing): Promise<void> {
    return this.#calls.call(() => this.#storeOffsets(standing))
  }

  onTransition(): void {}

  async #commit(epoch: number, records: OutgoingRecord[], offsets: StampedOffset[]): Promise<void> {
    const { kafka } = this.#world
    const decisions = records.map((record) => (record as OutgoingRecord & { decision: Decision }).decision)
    const places = offsets.map(({ topic, offset }) => `${topic} ${offset}`).join(', ')
    this.#process.note(`commits ${places} with ${decisions.map(tellDecision).join('; ') || 'nothing'}`)
    // Nothing comes between this and what the lease asked last: see its check of the membership.
    const transaction = kafka.begin(epoch, decisions, offsets)
    if (transaction === null) throw new GivenUp('its producer is fenced')
    await this.#calls.call(() => {
      if (transaction.state !== 'open') throw new GivenUp('its transaction was aborted')
      transaction.state = 'ending'
    })
    // What was sent may arrive at any time.
    while (transaction.state === 'ending') await this.#calls.call(() => undefined)
    if (transaction.state !== 'committed') throw new GivenUp('its transaction was aborted')
  }

  #storeOffsets({ token, clusterId, counted, committed }: Standing): void {
    this.#checkToken(token)
    if (!this.#world.ledger.storeOffsets(clusterId, counted, committed)) throw new GivenUp(PUT_BACK)
  }

  #checkToken(token: number): void {
    if (!this.#world.ledger.admits(token)) throw new GivenUp('its token is old')
  }
}
