import type { Database } from '../db/database.ts'
import type { Delivery, TopicPartition } from '../kafka/delivery.ts'
import { type DeliveredBatch, GroupConsumer } from '../kafka/group-consumer.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { laneAssigner } from '../kafka/lane-assigner.ts'
import { ownPartitions, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { metrics } from '../metrics.ts'
import { waitWhileAway } from '../retry/wait-while-away.ts'
import { Backlog } from './backlog.ts'
import { LaneGate } from './lane-gate.ts'
import { processRequest, type RequestContext } from './process-request.ts'

/** Records of a topic that may wait in memory before its fetching pauses. */
const WINDOW = 64
const FETCH_BYTES = 65_536

export interface WorkerOptions extends RequestContext {
  kafka: Kafka
  db: Database
  /** Also the name of the lane. */
  groupId: string
  /** The one-partition topics of requests, in the order of their turns. */
  requestTopics: string[]
  /** How long a stop waits for the album in the air, in milliseconds. */
  shutdownTimeoutMs: number
}

/**
 * The lane: takes requests in order, one album at a time, and publishes each result together with the offset that says
 * the request is done.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #backlog: Backlog
  readonly #consumer: GroupConsumer
  readonly #gate: LaneGate
  readonly #stopping = new AbortController()
  readonly #giveUp = new AbortController()
  readonly #working: Promise<void>
  /** Possession of the lane; null while another member has it. */
  #ownership: Promise<PartitionOwnership | null> = Promise.resolve(null)

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#backlog = new Backlog(options.requestTopics)
    this.#gate = new LaneGate(options.db, options.groupId, options.log, this.#stopping.signal)
    this.#consumer = new GroupConsumer({
      kafka: options.kafka,
      groupId: options.groupId,
      topics: options.requestTopics,
      assigners: [laneAssigner],
      maxBytesPerPartition: FETCH_BYTES,
      log: options.log,
      onAssigned: (assignment) => this.#takeOver(assignment),
      onBatch: (batch) => this.#receive(batch),
    })
    this.#working = this.#work()
  }

  get isJoined(): boolean {
    return this.#consumer.isJoined
  }

  /** Finishes and commits the album in the air, within the time-out, and leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const timer = setTimeout(() => this.#giveUp.abort(), this.#options.shutdownTimeoutMs)
    await this.#working
    clearTimeout(timer)
    await this.#gate.closed()
    await this.#consumer.stop()
    await (await this.#ownership)?.close()
  }

  async #takeOver(assignment: TopicPartition[]): Promise<void> {
    const { kafka, groupId } = this.#options
    const former = this.#ownership
    this.#backlog.clear()
    const ownership = former
      .catch(() => null)
      .then(async (owned) => {
        await owned?.close()
        if (assignment.length === 0) return null
        return ownPartitions(kafka, groupId, `${groupId}.lane`, assignment)
      })
    this.#ownership = ownership
    const isOwner = (await ownership) !== null
    this.#options.log.info({ assignment }, isOwner ? 'lane taken over' : 'lane stands by')
  }

  async #receive({ topic, deliveries }: DeliveredBatch): Promise<void> {
    this.#backlog.push(deliveries)
    if (this.#backlog.sizeOf(topic) >= WINDOW) this.#consumer.pause(topic)
  }

  async #work(): Promise<void> {
    for (;;) {
      await this.#gate.pass()
      const delivery = await this.#backlog.take(this.#stopping.signal)
      if (delivery === undefined) return
      metrics.albumsInFlight.set(1)
      try {
        await this.#handle(delivery)
      } catch (error) {
        // Not done and not committed: joining again brings it back, and what was stored is not paid for twice.
        if (this.#stopping.signal.aborted) return
        this.#ownership = Promise.resolve(null)
        this.#backlog.clear()
        this.#consumer.restart(error)
      } finally {
        metrics.albumsInFlight.set(0)
      }
      if (this.#backlog.sizeOf(delivery.topic) < WINDOW / 2) this.#consumer.resume(delivery.topic)
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { log } = this.#options
    // Paused while it waited for a record: this one waits too.
    await this.#gate.pass()
    if (this.#stopping.signal.aborted) return
    // After a rebalance Kafka delivers again what was finished in the meantime.
    if (!(await this.#ownership)?.isPending(delivery)) return
    const decided = await waitWhileAway(
      'worker',
      () => processRequest(delivery, this.#options, this.#giveUp.signal),
      log,
      this.#stopping.signal,
    )
    const ownership = await this.#ownership
    // The lane went to another member meanwhile: the decision is stored, and that member publishes it.
    if (!ownership?.isPending(delivery)) return
    const { topic, partition, nextOffset } = delivery
    await ownership.commit([decided.record], [{ topic, partition, offset: nextOffset }])
    decided.report()
  }
}
