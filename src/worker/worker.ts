import type { AmazonApi } from '../amazon/amazon-api.ts'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import type { TopicPartition } from '../kafka/delivery.ts'
import { type DeliveredBatch, GroupConsumer } from '../kafka/group-consumer.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { laneAssigner } from '../kafka/lane-assigner.ts'
import { ownPartitions, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { metrics } from '../metrics.ts'
import { waitWhileAway } from '../retry/wait-while-away.ts'
import { ByKey } from './by-key.ts'
import { LaneGate } from './lane-gate.ts'
import { LaneWindow, offsetsAfter, type Slot } from './lane-window.ts'
import { type Decided, processRequest, type RequestContext } from './process-request.ts'

/** Records of a topic that may wait in memory before its fetching pauses; a producer's batch comes whole, whatever its size. */
const BACKLOG = 64
const FETCH_BYTES = 65_536
/** How long finished albums may wait for others to be published in the same transaction. */
const FLUSH_MS = 100

export interface WorkerOptions extends Omit<RequestContext, 'collaboratorsFor'> {
  kafka: Kafka
  db: Database
  /** Also the name of the lane. */
  groupId: string
  /** The one-partition topics of requests, in the order of their turns. */
  requestTopics: string[]
  amazon: AmazonApi
  collaboratorsFor(requestId: string, amazon: AmazonApi): ReturnType<RequestContext['collaboratorsFor']>
  maxAlbumsInFlight: number
  /** How long a stop waits for the albums in the air, in milliseconds. */
  shutdownTimeoutMs: number
}

/**
 * The lane: starts albums in order, lets their slow stages overlap, and publishes what is finished in order, each result
 * together with the offsets that say its request is done.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #window: LaneWindow<Decided>
  readonly #consumer: GroupConsumer
  readonly #gate: LaneGate
  readonly #albums = new ByKey()
  readonly #stopping = new AbortController()
  readonly #starting: Promise<void>
  readonly #jobs = new Set<Promise<void>>()
  /** Topics whose fetching pauses. */
  readonly #paused = new Set<string>()
  /** Aborted when the lane is lost, or a stop has waited long enough. */
  #giveUp = new AbortController()
  /** Possession of the lane; null while another member has it. */
  #ownership: Promise<PartitionOwnership | null> = Promise.resolve(null)
  #flushing: Promise<void> = Promise.resolve()
  #flushTimer: NodeJS.Timeout | undefined
  /** Rings when there may be something to start. */
  #wake: () => void = () => undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#window = new LaneWindow(options.requestTopics)
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
    this.#starting = this.#startAlbums()
  }

  get isJoined(): boolean {
    return this.#consumer.isJoined
  }

  /** Finishes and commits the albums in the air, within the time-out, and leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    const timer = setTimeout(() => this.#giveUp.abort(), this.#options.shutdownTimeoutMs)
    await this.#starting
    await Promise.allSettled(this.#jobs)
    clearTimeout(timer)
    clearTimeout(this.#flushTimer)
    await this.#flush()
    await this.#gate.closed()
    await this.#consumer.stop()
    await (await this.#ownership.catch(() => null))?.close()
  }

  async #takeOver(assignment: TopicPartition[]): Promise<void> {
    const { kafka, groupId, log } = this.#options
    const former = this.#ownership
    const ownership = (async () => {
      // A flush in the air must end before its producer is thrown away.
      await this.#flushing
      await (await former.catch(() => null))?.close()
      if (assignment.length > 0) return ownPartitions(kafka, groupId, `${groupId}.lane`, assignment)
      this.#giveUp.abort()
      this.#giveUp = new AbortController()
      this.#window.clear()
      return null
    })()
    this.#ownership = ownership
    const owned = await ownership
    if (owned !== null) {
      // What a commit with unknown outcome did commit: it is published, and must not be again.
      for (const { outcome } of this.#window.dropBelow(owned.committedOffsets())) outcome?.report()
      this.#flushSoon()
    }
    log.info({ assignment }, owned === null ? 'lane stands by' : 'lane taken over')
  }

  async #receive({ topic, deliveries }: DeliveredBatch): Promise<void> {
    const ownership = await this.#ownership
    this.#window.add(deliveries.filter((delivery) => ownership?.isPending(delivery)))
    if (this.#window.waitingIn(topic) >= BACKLOG) {
      this.#paused.add(topic)
      this.#consumer.pause(topic)
    }
    this.#wake()
  }

  async #startAlbums(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#gate.pass()
      const slot = this.#jobs.size < this.#options.maxAlbumsInFlight ? this.#window.startNext() : undefined
      if (slot === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          if (this.#stopping.signal.aborted) resolve()
        })
        continue
      }
      const { topic } = slot.delivery
      if (this.#window.waitingIn(topic) < BACKLOG / 2 && this.#paused.delete(topic)) this.#consumer.resume(topic)
      const begun = Promise.withResolvers<void>()
      const job = this.#enrich(slot, begun.resolve).finally(() => {
        begun.resolve()
        this.#jobs.delete(job)
        metrics.albumsInFlight.set(this.#jobs.size)
        this.#wake()
      })
      this.#jobs.add(job)
      metrics.albumsInFlight.set(this.#jobs.size)
      // Only then the next: so Amazon requests begin in order, and a record that comes through express meanwhile has its turn.
      await begun.promise
    }
  }

  /**
   * Takes one request to its end; what fails here comes back with the next delivery.
   *
   * @param onBegun told when the next album may be started: this one's first Amazon request has had its turn, or it waits
   *   for another request for the same album
   */
  async #enrich(slot: Slot<Decided>, onBegun: () => void): Promise<void> {
    const { amazon, collaboratorsFor, log } = this.#options
    const { signal } = this.#giveUp
    const albumId = slot.delivery.key?.toString() ?? ''
    if (this.#albums.isBusy(albumId)) onBegun()
    const context: RequestContext = {
      ...this.#options,
      collaboratorsFor: (requestId) => collaboratorsFor(requestId, withTurn(amazon, onBegun)),
    }
    try {
      const work = () => processRequest(slot.delivery, context, signal)
      const waiting = AbortSignal.any([signal, this.#stopping.signal])
      slot.outcome = await this.#albums.run(albumId, () => waitWhileAway('worker', work, log, waiting))
      this.#flushSoon()
    } catch (error) {
      // Given up, with the lane or the process: not done, so not committed, and what was stored is not paid for twice.
      slot.started = false
      if (!signal.aborted && !this.#stopping.signal.aborted) this.#consumer.restart(error)
    }
  }

  #flushSoon(): void {
    if (this.#flushTimer !== undefined) return
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined
      void this.#flush()
    }, FLUSH_MS)
  }

  /** Publishes and commits what is finished, one flush at a time. Never throws: a failed one is done again after a new join. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      const slots = this.#window.finishedPrefix()
      if (slots.length === 0) return
      try {
        const ownership = await this.#ownership
        if (ownership === null) return
        const offsets = offsetsAfter(slots)
        await ownership.commit(
          slots.flatMap(({ outcome }) => outcome?.record ?? []),
          offsets,
        )
        for (const { outcome } of this.#window.dropBelow(offsets)) outcome?.report()
      } catch (error) {
        this.#ownership = Promise.resolve(null)
        this.#consumer.restart(error)
      }
    })
    return this.#flushing
  }
}

/** Albums in the air that the setting means. `auto` is a window by time: a model's slow tail fills a small one. */
export function maxAlbumsInFlight(config: Config<'amazon' | 'service'>): number {
  const setting = config.MAX_ALBUMS_IN_FLIGHT
  return setting === 'auto' ? Math.max(64, Math.ceil(60 * config.AMAZON_REQUESTS_PER_SECOND)) : setting
}

/** Amazon, telling when the pace lets a request go. */
function withTurn(amazon: AmazonApi, onTurn: () => void): AmazonApi {
  return {
    getItems: (asins, signal) => amazon.getItems(asins, signal, onTurn),
    searchItems: (query, signal) => amazon.searchItems(query, signal, onTurn),
  }
}
