import { setTimeout as delay } from 'node:timers/promises'
import { EnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { orAborted } from '../or-aborted.ts'
import type { Delivery, TopicPartition } from './delivery.ts'
import type { OwnedPartition } from './group-consumer-options.ts'
import { restartPauses } from './restart-pauses.ts'

/** What is told to KafkaJS's consumer, of one partition alone: told of a topic it forgets what it was told of one. */
export interface Fetching {
  pause(partition: TopicPartition): void
  seek(position: TopicPartition & { offset: bigint }): void
  resume(partition: TopicPartition): void
}

export interface AssignedPartitionOptions {
  partition: TopicPartition
  fetching: Fetching
  /** Aborted when the assignment is over. */
  session: AbortSignal
  /**
   * Takes possession of it.
   *
   * @param failedAt when it failed last, by performance.now()
   * @param fail tells that it turned out to be lost; of an assignment that is over it says nothing
   */
  own(failedAt: number, fail: (error: unknown) => void): Promise<OwnedPartition>
  /** Told why it is not, or no longer, in possession, and with null while all is well. */
  onFailure(error: unknown): void
  log: Logger
}

/** So long it is read after a failure before that counts as over, where nothing comes: what works again may fail at the first record. */
const WELL_AFTER_MS = 5_000

type Phase =
  | { kind: 'owning' }
  | { kind: 'reading'; owned: OwnedPartition; position: bigint; fail: (error: unknown) => void }
  | { kind: 'over' }
export type PartitionPhase = Phase['kind']
export type PartitionEvent = 'own' | 'close' | 'end'

/**
 * One partition of an assignment.
 *
 * - owning: possession is being taken, or will be again after a pause; nothing of it is fetched
 * - reading: what is fetched is delivered, in order
 * - over: the assignment is
 *
 * A failure is that of this partition alone: a member that left the group for it would hold up all the others of the group. Only what
 * is not answered holds up those of its member meanwhile: KafkaJS hands over one batch at a time.
 */
export class AssignedPartition {
  /** By phase what may happen, and where it leads; anything else is a fault of this service. */
  static readonly TRANSITIONS: Readonly<Record<PartitionPhase, Partial<Record<PartitionEvent, PartitionPhase>>>> = {
    owning: { own: 'reading', close: 'owning', end: 'over' },
    reading: { close: 'owning' },
    over: {},
  }

  readonly #options: AssignedPartitionOptions
  #phase: Phase = { kind: 'owning' }
  /** Batches without deliveries; KafkaJS does not wait for them. */
  #skipping: Promise<void> = Promise.resolve()
  #receiving: Promise<void> = Promise.resolve()
  /** Resolves once the assignment is over and nothing of the partition is under way. */
  readonly ended: Promise<void>

  /** @param begun resolves once possession may be taken; never rejects */
  constructor(options: AssignedPartitionOptions, begun: Promise<unknown>) {
    this.#options = options
    options.fetching.pause(options.partition)
    this.ended = this.#keepOwned(begun)
  }

  get phase(): PartitionPhase {
    return this.#phase.kind
  }

  /** Fetches no more of it, until it is resumed or possession is taken anew. */
  pause(): void {
    if (this.#isRead) this.#options.fetching.pause(this.#options.partition)
  }

  resume(): void {
    if (this.#isRead) this.#options.fetching.resume(this.#options.partition)
  }

  /** Not with the session over: KafkaJS throws when an ended consumer is told anything. */
  get #isRead(): boolean {
    return this.#phase.kind === 'reading' && !this.#options.session.aborted
  }

  /** Whether a batch begins where the partition stands; if not, it is fetched again from there. */
  expects(fetchedOffset: string): boolean {
    const { fetching, partition, log } = this.#options
    const phase = this.#phase
    if (phase.kind !== 'reading') {
      // Or it would come again at once, ten thousand times a second.
      fetching.pause(partition)
      return false
    }
    if (phase.position === BigInt(fetchedOffset)) return true
    const fields = { ...partition, fetchedOffset, position: String(phase.position) }
    log.info(fields, 'batch from elsewhere fetched again')
    fetching.seek({ ...partition, offset: phase.position })
    return false
  }

  /**
   * Delivers a batch that is expected.
   *
   * @returns whether it was taken in, so that what comes next may be fetched
   */
  async receive(deliveries: Delivery[], nextOffset: bigint): Promise<boolean> {
    await this.#skipping
    const phase = this.#phase
    if (phase.kind !== 'reading') return false
    const { partition, session } = this.#options
    const receiving = phase.owned.receive({ ...partition, deliveries, nextOffset, signal: session })
    this.#receiving = receiving.catch(phase.fail)
    try {
      await receiving
    } catch {
      return false
    }
    if (this.#phase !== phase) return false
    phase.position = nextOffset
    this.#options.onFailure(null)
    return true
  }

  /** KafkaJS shows nobody a fetch that brought a marker alone, as happens behind a large batch: it only goes on. */
  skipTo(nextOffset: bigint): void {
    const phase = this.#phase
    if (phase.kind !== 'reading' || nextOffset <= phase.position) return
    // At once: KafkaJS fetches on from there whatever becomes of this.
    phase.position = nextOffset
    const { partition, session } = this.#options
    this.#skipping = this.#skipping.then(async () => {
      if (this.#phase !== phase) return
      await phase.owned.receive({ ...partition, deliveries: [], nextOffset, signal: session }).catch(phase.fail)
    })
  }

  /** Takes possession again: what had it says that it is lost. */
  fail(error: unknown): void {
    if (this.#phase.kind === 'reading') this.#phase.fail(error)
  }

  async #keepOwned(begun: Promise<unknown>): Promise<void> {
    const { session, onFailure } = this.#options
    await begun
    const nextPauseMs = restartPauses()
    let failedAt = Number.NEGATIVE_INFINITY
    while (!session.aborted) {
      const error = await this.#ownOnce(failedAt)
      if (session.aborted) break
      failedAt = performance.now()
      onFailure(error)
      await delay(nextPauseMs(), undefined, { signal: session }).catch(() => undefined)
    }
    this.#phase = this.#to('end', { kind: 'over' })
  }

  /** From the attempt to take possession to its end, one way or the other. @returns why it ended */
  async #ownOnce(failedAt: number): Promise<unknown> {
    const { partition, session, fetching, own, onFailure } = this.#options
    let owned: OwnedPartition | undefined
    let well: NodeJS.Timeout | undefined
    try {
      owned = await own(failedAt, (error) => this.fail(error))
      session.throwIfAborted()
      const failed = this.#read(owned)
      well = setTimeout(() => onFailure(null), WELL_AFTER_MS)
      return await orAborted(failed, session)
    } catch (error) {
      return error
    } finally {
      clearTimeout(well)
      if (!session.aborted) fetching.pause(partition)
      this.#phase = this.#to('close', { kind: 'owning' })
      // What is in hand may still be committed, and is then done.
      await Promise.all([this.#skipping, this.#receiving])
      await owned?.close().catch(this.#onUnclosed)
    }
  }

  /** Left open it is fenced by the next possession, like what a dead process leaves. */
  readonly #onUnclosed = (error: unknown) => {
    const { partition, log } = this.#options
    log.warn({ ...partition, err: error }, 'partition not closed')
  }

  /** @returns what it fails of, some day */
  #read(owned: OwnedPartition): Promise<unknown> {
    const { partition, fetching, log } = this.#options
    log.info({ ...partition, position: String(owned.position) }, 'partition taken over')
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#phase = this.#to('own', { kind: 'reading', owned, position: owned.position, fail: resolve })
    fetching.seek({ ...partition, offset: owned.position })
    fetching.resume(partition)
    return promise
  }

  #to(event: PartitionEvent, phase: Phase): Phase {
    const { kind } = this.#phase
    if (AssignedPartition.TRANSITIONS[kind][event] !== phase.kind)
      throw new EnrichmentError('INTERNAL', `a partition: ${event} in phase ${kind}`)
    return phase
  }
}
