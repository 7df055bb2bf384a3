import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { ConsumerFailure } from './consumer-failure.ts'
import type { CommitOffset, TopicPartition } from './delivery.ts'
import type { GroupConsumerOptions } from './group-consumer-options.ts'
import { type Session, toKey } from './group-session.ts'
import { kafkaError } from './kafka-error.ts'
import { toDeliveries } from './to-deliveries.ts'

const SESSION_TIMEOUT_MS = 6_000
const HEARTBEAT_MS = 1_500
const REBALANCE_TIMEOUT_MS = 20_000
/** How long a fetch waits at the broker; a resume takes effect after at most this. */
const FETCH_WAIT_MS = 500
const RESTART_DELAY_MS = 1_000
/** A broker that is back lets a group go on once the sessions of its former members are over, 6 s; ten must do for all. */
const LONGEST_RESTART_DELAY_MS = 2_000
/** A member whose last heartbeat is older may have lost its partitions without knowing, and does nothing that counts. */
const FRESH_MS = SESSION_TIMEOUT_MS / 2
/** A batch that shows no progress for so long is hung, though its heartbeats go on. */
const HUNG_MS = 120_000

/**
 * A member of a consumer group that lives until it is stopped.
 *
 * States: joining, joined, ended (crashed, or a handler failed); from ended it starts again with a new KafkaJS consumer
 * after a growing delay. KafkaJS's own restarts are switched off: they give up on some errors and rise again after a stop.
 */
export class GroupConsumer {
  readonly #options: GroupConsumerOptions
  readonly #stopped = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #consumer: Consumer | undefined
  #session: Session | undefined
  #end: (error: EnrichmentError) => void = () => undefined
  #joined = false
  /** When the group was last asked what it then confirmed. Times here are performance.now()'s: nobody puts that clock back. */
  #heardAt = Number.NEGATIVE_INFINITY
  #progressAt = 0
  #heard = Promise.withResolvers<void>()
  #owning: Promise<CommitOffset[]> = Promise.resolve([])
  readonly #failure: ConsumerFailure
  /** Batches without deliveries; KafkaJS does not wait for them. */
  #skipping: Promise<void> = Promise.resolve()

  constructor(options: GroupConsumerOptions) {
    this.#options = options
    this.#failure = new ConsumerFailure(options)
  }

  /** Joins the group, and joins again whatever happens, until it is stopped. */
  start(): void {
    this.#running = this.#run()
  }

  /** Whether it is a member of the group now: one whose broker stands still is none, though no connection says so. */
  get isJoined(): boolean {
    return this.#joined && performance.now() - this.#heardAt < SESSION_TIMEOUT_MS
  }

  /** Whether the group has confirmed this member so lately that nobody else can have its partitions. */
  get isConfirmed(): boolean {
    return performance.now() - this.#heardAt < FRESH_MS
  }

  /** Why it is no member, or has not got its partitions; null while all is well. */
  get failure(): EnrichmentError | null {
    return this.#failure.current
  }

  /** Resolves once the member is confirmed. @throws the signal's reason */
  async confirmed(signal: AbortSignal): Promise<void> {
    while (!this.isConfirmed) await orAborted(this.#heard.promise, signal)
  }

  /** Tells that a batch in hand is not hung, however long it takes. */
  progress(): void {
    this.#progressAt = performance.now()
  }

  /** Of the assignment at hand; nothing while there is none. */
  pause(topic: string): void {
    if (this.#joined) this.#consumer?.pause([{ topic }])
  }

  /** Likewise: KafkaJS throws before a consumer's first join, and a new assignment pauses nothing. */
  resume(topic: string): void {
    if (this.#joined) this.#consumer?.resume([{ topic }])
  }

  /** Drops all work and joins again; for when possession of a partition turned out to be lost. */
  restart(error: unknown): void {
    this.#end(kafkaError(error))
  }

  /** Leaves the group once the batch in hand has returned. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.#owning.catch(() => undefined)
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopped.signal.aborted) {
      const startedAt = performance.now()
      const error = await this.#live()
      if (error === undefined) break
      failures = performance.now() - startedAt > 60_000 ? 1 : failures + 1
      this.#failure.set(error)
      const waitMs = Math.min(RESTART_DELAY_MS * 2 ** (failures - 1), LONGEST_RESTART_DELAY_MS)
      await delay(waitMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined)
    }
  }

  /** One KafkaJS consumer's life; resolves to what ended it, or undefined when it was stopped. */
  async #live(): Promise<EnrichmentError | undefined> {
    const { kafka, groupId, topics, assigners, maxBytesPerPartition } = this.#options
    const ended = Promise.withResolvers<EnrichmentError | undefined>()
    this.#end = ended.resolve
    const onStop = () => {
      this.#session?.abort.abort()
      ended.resolve(undefined)
    }
    this.#stopped.signal.addEventListener('abort', onStop)
    const consumer = kafka.consumer({
      groupId,
      ...(assigners && { partitionAssigners: assigners }),
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => ended.resolve(kafkaError(payload.error)))
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#onSkipped(payload.topic, payload.partition, BigInt(payload.lastOffset) + 1n)
    })
    /** By the name of a request when the last one was sent that was answered: told before what came of it. */
    const sentAt = new Map<string, number>()
    consumer.on(consumer.events.REQUEST, ({ payload: { apiName, sentAt: at } }) =>
      sentAt.set(apiName, performance.now() - Math.max(0, Date.now() - at)),
    )
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      this.#onJoin(payload.memberAssignment, sentAt.get('SyncGroup')),
    )
    consumer.on(consumer.events.HEARTBEAT, () => this.#onHeard(sentAt.get('Heartbeat')))
    this.#consumer = consumer
    try {
      await consumer.connect()
      await consumer.subscribe({ topics, fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#onBatch(payload),
      })
      return await ended.promise
    } catch (error) {
      return this.#stopped.signal.aborted ? undefined : kafkaError(error)
    } finally {
      this.#joined = false
      this.#heardAt = Number.NEGATIVE_INFINITY
      this.#session?.abort.abort()
      this.#stopped.signal.removeEventListener('abort', onStop)
      await consumer.disconnect().catch(() => undefined)
      await this.#skipping
    }
  }

  #onJoin(memberAssignment: Record<string, number[]>, sentAt: number | undefined): void {
    this.#session?.abort.abort()
    const assignment = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    const topics = Object.keys(memberAssignment).map((topic) => ({ topic }))
    const consumer = this.#consumer
    consumer?.pause(topics)
    this.#joined = true
    // Before anybody is let go who waits for the membership to be confirmed, which a join does.
    this.#options.onJoin?.()
    this.#onHeard(sentAt)
    const abort = new AbortController()
    if (this.#stopped.signal.aborted) abort.abort()
    const positions = new Map<string, bigint>()
    const session: Session = {
      positions,
      ready: this.#own(assignment, positions, abort.signal).then(() => {
        if (abort.signal.aborted) return
        this.#failure.clear()
        // KafkaJS keeps what was paused across joins; whoever wants a pause in the new assignment pauses again.
        consumer?.resume(topics)
      }),
      abort,
      lost: undefined,
    }
    // Without this a partition that stays idle would never show that it could not be owned.
    session.ready.catch((error) => {
      if (!abort.signal.aborted) this.restart(error)
    })
    this.#session = session
  }

  async #own(assignment: TopicPartition[], at: Map<string, bigint>, signal: AbortSignal): Promise<void> {
    // That one's failure has been told already.
    const former = this.#owning.catch(() => undefined)
    const owning = former.then(() => this.#options.onAssigned(assignment, signal))
    this.#owning = owning
    const positions = await owning
    if (signal.aborted) return
    for (const { topic, partition } of assignment) {
      const position = positions.find((one) => one.topic === topic && one.partition === partition)
      if (position === undefined)
        throw new EnrichmentError('INTERNAL', `nobody says where partition ${partition} of ${topic} stands`)
      at.set(toKey(position), position.offset)
      this.#consumer?.seek({ topic, partition, offset: String(position.offset) })
    }
  }

  /** Whether a batch begins where its partition stands; if not, it is fetched again from there. */
  #isExpected(session: Session, batch: EachBatchPayload['batch']): boolean {
    const position = session.positions.get(toKey(batch))
    const { topic, partition, fetchedOffset } = batch as typeof batch & { fetchedOffset: string }
    if (position === BigInt(fetchedOffset)) return true
    const fields = { topic, partition, fetchedOffset, position: String(position) }
    this.#options.log.info(fields, 'batch from elsewhere fetched again')
    if (position !== undefined && session === this.#session)
      this.#consumer?.seek({ topic, partition, offset: String(position) })
    return false
  }

  /** The coordinator counts from when it was asked: an answer that was read late says nothing of the time since. */
  #onHeard(sentAt = Number.NEGATIVE_INFINITY): void {
    this.#heardAt = Math.max(this.#heardAt, sentAt)
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  async #onBatch({ batch, resolveOffset, heartbeat, pause }: EachBatchPayload): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    if (session.lost !== undefined) throw session.lost
    this.progress()
    const beat = setInterval(() => {
      if (performance.now() - this.#progressAt > HUNG_MS) {
        session.lost ??= new EnrichmentError('INTERNAL', `a batch of ${batch.topic} hangs`)
        session.abort.abort()
        this.restart(session.lost)
        return
      }
      heartbeat().catch((error: unknown) => {
        session.lost ??= error
        session.abort.abort()
      })
    }, HEARTBEAT_MS)
    try {
      await session.ready
      await this.#skipping
      if (!this.#isExpected(session, batch)) return
      const { topic, partition } = batch
      const nextOffset = BigInt(batch.lastOffset()) + 1n
      const { signal } = session.abort
      await this.#options.onBatch({ topic, partition, deliveries: toDeliveries(batch), nextOffset, signal })
      session.positions.set(toKey(batch), nextOffset)
    } catch (error) {
      if (session.lost !== undefined) throw session.lost
      // Returning without a pause would deliver the same batch again at once, ten thousand times a second.
      pause()
      this.restart(error)
      return
    } finally {
      clearInterval(beat)
    }
    if (session.lost !== undefined) throw session.lost
    // After another join meanwhile this would move the new assignment on, past what it has not been given.
    if (session === this.#session && !this.#stopped.signal.aborted)
      resolveOffset(batch.messages.at(-1)?.offset ?? batch.lastOffset())
  }

  /** KafkaJS shows nobody a fetch that brought a marker alone, as happens behind a large batch: it only goes on. */
  #onSkipped(topic: string, partition: number, nextOffset: bigint): void {
    const session = this.#session
    const position = session?.positions.get(toKey({ topic, partition }))
    if (session === undefined || position === undefined || nextOffset <= position) return
    // At once: KafkaJS fetches on from there whatever becomes of this.
    session.positions.set(toKey({ topic, partition }), nextOffset)
    const { signal } = session.abort
    this.#skipping = this.#skipping.then(async () => {
      try {
        await session.ready
        if (!signal.aborted) await this.#options.onBatch({ topic, partition, deliveries: [], nextOffset, signal })
      } catch (error) {
        this.restart(error)
      }
    })
  }
}
