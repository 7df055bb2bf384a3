import type { OwnedLane, StoredLane } from '../db/lane.ts'
import { toEnrichmentError } from '../errors.ts'
import type { OutgoingRecord } from '../kafka/delivery.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { readLaneOffsets } from '../kafka/read-lane-offsets.ts'
import { TransactionalProducer } from '../kafka/transactional-producer.ts'
import type { Logger } from '../log.ts'
import type { LaneState } from '../retry/lane-state.ts'
import type { LanePosition, Position } from './delivery-rule.ts'
import type { Dependencies } from './dependencies.ts'
import { explainHold } from './explain-hold.ts'
import { isPending, stampOffsets } from './lane-commit.ts'
import type { Possession } from './paid-calls.ts'
import { keepsWork, planStart } from './plan-start.ts'

export interface LaneOptions {
  kafka: Kafka
  groupId: string
  topics: string[]
  /** The topics to which its commits publish. */
  outputs: string[]
  owned: OwnedLane
  state: LaneState
  dependencies: Dependencies
  possession: Possession & { progress(): void }
  /** Marks the requests that must run again, under the lane's new fence. */
  markAgain(position: LanePosition): Promise<void>
  log: Logger
}

/**
 * Possession of the lane: the one transactional producer that may commit for it, its fence in PostgreSQL, and where each
 * of its topics stands. States: not ours, ours (between a `takeOver` and the next `release`).
 */
export class Lane {
  readonly #options: LaneOptions
  #producer: TransactionalProducer | null = null
  #committed = new Map<string, bigint>()
  #clusterId = ''
  #flush = 0
  /** The fence under which the work in hand was begun. */
  #workFence = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Where the lane stands, by topic. */
  get committed(): ReadonlyMap<string, bigint> {
    return this.#committed
  }

  /** Whether a delivery is still to be done: KafkaJS may have read the committed offset before our predecessor's last commit. */
  isPending(position: Position): boolean {
    return isPending(this.#committed, position)
  }

  /**
   * Takes possession: fences the predecessor in Kafka and in PostgreSQL, compares what the two say, and begins to commit.
   * While they disagree the lane is held until a person accepts it.
   *
   * @param dropWork called when work in hand may not go on, before anything can be saved
   * @throws EnrichmentError KAFKA_UNAVAILABLE, LANE_LOST; the signal's reason
   */
  async takeOver(signal: AbortSignal, dropWork: () => void): Promise<void> {
    const { kafka, groupId, outputs, owned, dependencies } = this.#options
    await this.release()
    for (;;) {
      const producer = new TransactionalProducer(kafka, `${groupId}.lane`)
      try {
        await producer.init({ groupId, topics: outputs })
        signal.throwIfAborted()
        const { formerFence, lane } = await dependencies.database(() => owned.takeOver(), signal)
        if (await this.#start(producer, lane, formerFence, dropWork, signal)) break
      } catch (error) {
        await producer.close()
        throw error
      }
      await producer.close()
    }
    owned.settle()
  }

  /** @returns false when the lane was held, and the start must be made anew */
  async #start(
    producer: TransactionalProducer,
    stored: StoredLane,
    formerFence: number,
    dropWork: () => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { kafka, groupId, topics, owned, dependencies, markAgain } = this.#options
    const offsets = await readLaneOffsets(kafka, groupId, topics)
    const start = planStart(offsets, stored, new Set(stored.accepted) as Parameters<typeof planStart>[2])
    if (start.kind === 'hold') {
      dropWork()
      await this.#waitForAcceptance(start.causes, stored, signal)
      return false
    }
    await dependencies.database(() => markAgain(start), signal)
    if (!keepsWork(start, formerFence, this.#workFence)) dropWork()
    this.#workFence = owned.fence
    this.#committed = new Map(start.topics.map(({ topic, from }) => [topic, from]))
    this.#clusterId = offsets.clusterId
    this.#flush = start.flush
    this.#producer = producer
    for (const { topic, from, isMoved } of start.topics)
      if (isMoved) this.#options.log.warn({ topic, offset: String(from) }, 'offset was moved by somebody')
    if (start.mustCommit) await this.#commit([], [], signal)
    await dependencies.database(() => owned.storeOffsets(this.#clusterId, this.#committed, true), signal)
    return true
  }

  async #waitForAcceptance(
    causes: Parameters<typeof explainHold>[0][],
    stored: StoredLane,
    signal: AbortSignal,
  ): Promise<void> {
    const { state, possession } = this.#options
    const kinds = causes.map(({ kind }) => kind)
    state.setActive(true)
    for (const cause of causes) state.hold(`start.${cause.kind}`, explainHold(cause, stored))
    try {
      for (;;) {
        possession.progress()
        const { accepted } = await state.look(signal)
        if (kinds.every((kind) => accepted.includes(kind))) break
      }
      // Twice initialised without a heartbeat between, two members would fence each other in turns.
      await possession.confirmed(signal)
    } finally {
      for (const kind of kinds) state.hold(`start.${kind}`, null)
    }
  }

  /**
   * Publishes records and says how far the lane has come, in one transaction.
   *
   * @param done where the next record of each finished one stands
   * @throws EnrichmentError KAFKA_UNAVAILABLE, LANE_LOST: possession is to be taken anew; the signal's reason
   */
  async commit(
    records: OutgoingRecord[],
    done: { topic: string; nextOffset: bigint }[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#commit(records, done, signal)
    const { owned, log } = this.#options
    try {
      await owned.storeOffsets(this.#clusterId, this.#committed, false)
    } catch (error) {
      // One commit behind is what a start expects of PostgreSQL; the next commit waits until it is back.
      const { code } = toEnrichmentError(error)
      if (!code.startsWith('DATABASE_')) throw error
      log.debug({ code }, 'committed offsets not stored')
    }
  }

  async #commit(
    records: OutgoingRecord[],
    done: { topic: string; nextOffset: bigint }[],
    signal: AbortSignal,
  ): Promise<void> {
    const { groupId, owned, dependencies, possession } = this.#options
    const flush = this.#flush + 1
    // A former owner must not count either: its number would hide what its successor committed.
    await possession.confirmed(signal)
    await dependencies.database(() => owned.storeFlush(flush), signal)
    this.#flush = flush
    const offsets = stampOffsets(this.#committed, done, { flush, fence: owned.fence })
    await possession.confirmed(signal)
    await this.#producer?.commit(
      records,
      groupId,
      offsets.map((stamped) => ({ ...stamped, partition: 0 })),
    )
    this.#committed = new Map(offsets.map(({ topic, offset }) => [topic, offset]))
  }

  /** Lets go of the producer; whoever takes over next fences it anyway. */
  async release(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    await producer?.close()
  }
}
