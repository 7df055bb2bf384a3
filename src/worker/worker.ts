import { setTimeout as delay } from 'node:timers/promises'
import type { HoldRecord } from '../db/hold-record.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { LaneState } from '../holds/lane-state.ts'
import type { Member } from '../holds/member.ts'
import type { Delivery, TopicPartition } from '../kafka/delivery.ts'
import type { GroupConsumer } from '../kafka/group-consumer.ts'
import type { DeliveredBatch, OwnedPartition } from '../kafka/group-consumer-options.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { withFirstAbort } from '../with-first-abort.ts'
import { isPending } from './lease/lane-commit.ts'
import type { LaneLease } from './lease/lane-lease.ts'
import type { Publication } from './request/publications.ts'
import { LaneWindow, type Slot } from './window/lane-window.ts'

/** What may wait of a topic in memory before its fetching pauses; a producer's batch comes whole, whatever its size. */
const BACKLOG = { records: 64, bytes: 2_000_000 }
/** How long finished albums may wait for others to be published in the same transaction, which costs as much as an album. */
const FLUSH_MS = 250
/** How long one that was put back waits before it is begun again: a set-up that lacks something lacks it still. */
const PUT_BACK_MS = 100
/** What the last commit and the leaving may take of the time for a stop; of a short time half. Measured: 0.1 to 0.6 s. */
const LEAVE_MS = 2_000

export interface WorkerOptions {
  /** Its member of the group; whoever made it passes on what it is told: `assigned`, `own`. */
  consumer: GroupConsumer
  lease: LaneLease
  /** The one-partition topics of requests, in the order of their turns. */
  requestTopics: string[]
  state: LaneState
  maxAlbumsInFlight: number
  /** Albums that may be taken up before their turn; 1: none but the next. */
  maxAlbumsAhead: number
  /** Aborted by `stop`. */
  stopping: AbortController
  /** How long a whole stop may take, in milliseconds. */
  shutdownTimeoutMs: number
  /** Tells the ledger that this process did not die of what it had in hand. */
  clearInFlight(): Promise<void>
  /**
   * Takes one request to its end.
   *
   * @param order `turn` resolves once those started before have begun, `onBegun` is told when this one has
   */
  process(
    delivery: Delivery,
    order: { turn: Promise<void>; onBegun: () => void },
    signal: AbortSignal,
  ): Promise<Publication>
  /** Awaited by `stop` once all that is published is; it must end soon, and not reject. */
  afterLastFlush(): Promise<void>
  log: Logger
}

/**
 * The lane: starts albums in order, lets their slow stages overlap, and publishes what is finished in order, each result
 * together with the offsets that say its request is done.
 */
export class Worker implements Member {
  readonly #options: WorkerOptions
  readonly #window: LaneWindow<Publication>
  readonly #jobs = new Set<Promise<void>>()
  /** By topic where the next record will stand, where only markers came behind what is committed. */
  readonly #markers = new Map<string, bigint>()
  /** Topics whose fetching pauses. */
  readonly #paused = new Set<string>()
  /** Aborted when a stop has waited long enough. */
  readonly #outOfTime = new AbortController()
  #starting: Promise<void> = Promise.resolve()
  #flushing: Promise<void> = Promise.resolve()
  #flushTimer: NodeJS.Timeout | undefined
  /** Rings when there may be something to start. */
  #wake: () => void = () => undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#window = new LaneWindow(options.requestTopics)
  }

  /** Joins the group, and starts albums once the lane is ours. */
  start(): void {
    this.#options.state.start()
    this.#options.consumer.start()
    this.#starting = this.#startAlbums()
  }

  get topics(): string[] {
    return this.#options.requestTopics
  }

  get isJoined(): boolean {
    return this.#options.consumer.isJoined
  }

  get failure(): EnrichmentError | null {
    return this.#options.consumer.failure
  }

  /** Whether the lane is running, paused, held or stood by for. */
  get condition(): { state: string; holds: HoldRecord[] } {
    const { state, holds } = this.#options.state
    return { state, holds }
  }

  /** Where the lane stands, by topic; null while it is not ours. */
  get committed(): ReadonlyMap<string, bigint> | null {
    return this.#options.lease.committed
  }

  /**
   * Finishes and commits the albums in the air, or gives them up while there is time to leave, and leaves the group.
   * While Kafka is away it does not end: whoever asked for it must not wait longer than the time-out.
   */
  async stop(): Promise<void> {
    const { stopping, shutdownTimeoutMs, state, consumer, lease, afterLastFlush } = this.#options
    stopping.abort()
    this.#wake()
    const albumsMs = shutdownTimeoutMs - Math.min(LEAVE_MS, shutdownTimeoutMs / 2)
    const giveUp = setTimeout(() => this.#outOfTime.abort(), albumsMs)
    await this.#starting
    await Promise.allSettled(this.#jobs)
    clearTimeout(giveUp)
    clearTimeout(this.#flushTimer)
    // Before the commit, which waits for Kafka: whatever was given up is in no hand any more, so nobody can die of it.
    await this.#clearInFlight()
    await this.#flush()
    await afterLastFlush()
    await state.closed()
    await consumer.stop()
    await lease.release()
  }

  /** The group has given this member the lane, or nothing. */
  async assigned(assignment: TopicPartition[], session: AbortSignal): Promise<void> {
    // What was begun for the former assignment must end before its producer is thrown away; its session is over.
    await this.#flushing
    if (assignment.length > 0) return this.#acquire(session)
    await this.#options.lease.release()
    await this.#clearInFlight()
  }

  /**
   * A topic of the lane that has been acquired.
   *
   * @throws EnrichmentError TOPIC_WRONG for a partition that was added to it, which has no order with the first one;
   *   INTERNAL for a topic that the lane does not have
   */
  own({ topic, partition }: TopicPartition): OwnedPartition {
    if (partition !== 0) {
      const remedy = 'let what stands in its first one be finished, delete it and run `album-enricher setup`'
      throw new EnrichmentError('TOPIC_WRONG', `topic ${topic} must have one partition, and now has more: ${remedy}`)
    }
    const position = this.#options.lease.committed?.get(topic)
    if (position === undefined) throw new EnrichmentError('INTERNAL', `nobody says where ${topic} stands`)
    // The lane itself is released by the lease.
    return { position, receive: (batch) => this.#receive(batch), close: async () => undefined }
  }

  async #acquire(session: AbortSignal): Promise<void> {
    const { lease, stopping } = this.#options
    try {
      await lease.acquire(session)
    } catch (error) {
      // One that stops tries once: again and again it would fence whoever is to follow it. (A next join follows at once.)
      if (stopping.signal.aborted && !session.aborted) this.#outOfTime.abort()
      throw error
    }
    // What a commit with unknown outcome did commit: it is published, and must not be again.
    this.#reportCommitted()
    this.#flushSoon()
    this.#wake()
  }

  /** The lease says that no work in hand may go on. */
  drop(): void {
    this.#window.clear()
    this.#markers.clear()
  }

  async #clearInFlight(): Promise<void> {
    const { clearInFlight, log } = this.#options
    // Left undone it costs the requests in hand a little trust, no more.
    await clearInFlight().catch((error) => log.debug({ code: toEnrichmentError(error).code }, 'ledger not reachable'))
  }

  async #receive({ topic, deliveries, nextOffset }: DeliveredBatch): Promise<void> {
    const { lease, consumer } = this.#options
    const committed = lease.committed ?? new Map()
    this.#window.add(deliveries.filter((delivery) => isPending(committed, delivery)))
    // Also behind records: those that are known already may come again with markers that were not there the first time.
    if (isPending(committed, { topic, offset: nextOffset - 1n }) && this.#window.skipTo(topic, nextOffset)) {
      this.#markers.set(topic, nextOffset)
      this.#flushSoon()
    }
    if (this.#isFull(topic, 1)) {
      this.#paused.add(topic)
      consumer.pause({ topic, partition: 0 })
    }
    this.#wake()
  }

  #isFull(topic: string, share: number): boolean {
    const { records, bytes } = this.#window.waitingIn(topic)
    return records >= BACKLOG.records * share || bytes >= BACKLOG.bytes * share
  }

  async #startAlbums(): Promise<void> {
    const { state, stopping, consumer, maxAlbumsInFlight, maxAlbumsAhead } = this.#options
    /** Those that have not begun, in order; each begins after the one before. */
    const ahead: Promise<void>[] = []
    let turn = Promise.resolve()
    while (!stopping.signal.aborted) {
      await state.pass(stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return
      const slot = this.#jobs.size < maxAlbumsInFlight ? this.#window.startNext() : undefined
      if (slot === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          if (stopping.signal.aborted) resolve()
        })
        continue
      }
      const { topic } = slot.delivery
      if (!this.#isFull(topic, 0.5) && this.#paused.delete(topic)) consumer.resume({ topic, partition: 0 })
      const begun = Promise.withResolvers<void>()
      const job = this.#work(slot, { turn, onBegun: begun.resolve }).finally(() => {
        begun.resolve()
        this.#jobs.delete(job)
        metrics.albumsInFlight.set(this.#jobs.size)
        this.#wake()
      })
      this.#jobs.add(job)
      metrics.albumsInFlight.set(this.#jobs.size)
      turn = Promise.all([turn, begun.promise]).then(() => undefined)
      ahead.push(turn)
      // Amazon requests begin in order, and a record that comes through express meanwhile has its turn soon.
      if (ahead.length >= maxAlbumsAhead) await ahead.shift()
    }
  }

  /** Takes one request to its end; what fails here is begun again once the lane has been taken over anew. */
  async #work(slot: Slot<Publication>, order: { turn: Promise<void>; onBegun: () => void }): Promise<void> {
    const { stopping, lease, consumer, process, log } = this.#options
    const ends = [lease.work, this.#outOfTime.signal]
    try {
      slot.outcome = await withFirstAbort(ends, (signal) => process(slot.delivery, order, signal))
      this.#flushSoon()
    } catch (error) {
      // Given up, with the lane or the process: not done, so not committed, and what was stored is not paid for twice.
      if (ends.some(({ aborted }) => aborted) || stopping.signal.aborted) return
      const { code, message } = toEnrichmentError(error)
      log.warn({ albumId: slot.delivery.key?.toString(), code, reason: message }, 'album put back')
      lease.suspend()
      consumer.restart(error)
      await delay(PUT_BACK_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      this.#window.putBack(slot)
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
      const { lease, consumer } = this.#options
      const slots = this.#window.finishedPrefix()
      const markers = [...this.#markers].map(([topic, nextOffset]) => ({ topic, nextOffset }))
      if (slots.length + markers.length === 0 || !lease.canCommit) return
      const records = slots.flatMap(({ outcome }) => outcome?.records ?? [])
      const done = slots.map(({ delivery: { topic }, nextOffset }) => ({ topic, nextOffset }))
      this.#markers.clear()
      try {
        await lease.commit(records, [...done, ...markers])
        this.#reportCommitted()
      } catch (error) {
        if (lease.canCommit) consumer.restart(error)
      }
    })
    return this.#flushing
  }

  #reportCommitted(): void {
    const committed = this.#options.lease.committed ?? new Map<string, bigint>()
    for (const { delivery, nextOffset, outcome } of this.#window.dropBelow(committed)) {
      outcome?.report()
      // Markers that came behind it while it was committed.
      if (nextOffset <= (committed.get(delivery.topic) ?? 0n)) continue
      this.#markers.set(delivery.topic, nextOffset)
      this.#flushSoon()
    }
  }
}
