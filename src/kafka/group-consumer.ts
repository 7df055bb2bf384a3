import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { AssignedPartition, type Fetching } from './assigned-partition.ts'
import { closeConsumer, SILENT_MS } from './close-consumer.ts'
import { ConsumerFailure } from './consumer-failure.ts'
import { partitionKey, type TopicPartition } from './delivery.ts'
import { GroupConfirmation } from './group-confirmation.ts'
import type { GroupConsumerOptions } from './group-consumer-options.ts'
import { kafkaError } from './kafka-error.ts'
import { restartPauses } from './restart-pauses.ts'
import { toDeliveries } from './to-deliveries.ts'

const SESSION_TIMEOUT_MS = 6_000
/** KafkaJS sends none sooner than this after the answer to the last one, however often it is told to. */
const HEARTBEAT_MS = 1_500
const REBALANCE_TIMEOUT_MS = 20_000
/** How long a fetch waits at the broker; a resume takes effect after at most this. */
const FETCH_WAIT_MS = 750
/** A batch that shows no progress for so long is hung, though its heartbeats go on. */
const HUNG_MS = 120_000

/** One membership in the group: from a join to the next one. */
interface Session {
  abort: AbortController
  /** The error that ended it, to be shown to KafkaJS so that it joins again. */
  lost: unknown
}

/**
 * A member of a consumer group that lives until it is stopped.
 *
 * States: joining, joined, ended (KafkaJS's consumer crashed, or a batch hung); from ended it starts again with a new one
 * after a growing delay. What fails of one partition is that one's alone (see AssignedPartition). KafkaJS's own restarts are
 * switched off: they give up on some errors and rise again after a stop.
 */
export class GroupConsumer {
  readonly #options: GroupConsumerOptions
  readonly #stopped = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #session: Session | undefined
  #end: (error?: EnrichmentError) => void = () => undefined
  #joined = false
  readonly #confirmation = new GroupConfirmation(SESSION_TIMEOUT_MS)
  #progressAt = 0
  #assigning: Promise<void> = Promise.resolve()
  /** By "topic/partition" what has been assigned last, also what is not any more. */
  readonly #partitions = new Map<string, AssignedPartition>()
  readonly #failure: ConsumerFailure

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
    return this.#joined && this.#confirmation.ageMs < SESSION_TIMEOUT_MS
  }

  /** Whether the group has confirmed this member so lately that nobody else can have its partitions. */
  get isConfirmed(): boolean {
    return this.#confirmation.isFresh
  }

  /** Why it is no member, or has not got its partitions; null while all is well. */
  get failure(): EnrichmentError | null {
    return this.#failure.current
  }

  /** Resolves once the member is confirmed. @throws the signal's reason */
  confirmed(signal: AbortSignal): Promise<void> {
    return this.#confirmation.until(signal)
  }

  /** Tells that a batch in hand is not hung, however long it takes. */
  progress(): void {
    this.#progressAt = performance.now()
  }

  /** Fetches no more of a partition, until it is resumed or assigned anew. */
  pause(partition: TopicPartition): void {
    this.#partitions.get(partitionKey(partition))?.pause()
  }

  resume(partition: TopicPartition): void {
    this.#partitions.get(partitionKey(partition))?.resume()
  }

  /** Drops all work and joins again; for when possession of all turned out to be lost. */
  restart(error: unknown): void {
    this.#end(kafkaError(error))
  }

  /** Joins again with topics that are listed anew; nothing has failed. */
  renew(): void {
    this.#end()
  }

  /** Leaves the group once the batch in hand has returned. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.#assigning
    await Promise.all([...this.#partitions.values()].map(({ ended }) => ended))
  }

  async #run(): Promise<void> {
    const nextPauseMs = restartPauses()
    while (!this.#stopped.signal.aborted) {
      const error = await this.#live()
      if (error !== undefined) this.#failure.ended(error)
      await delay(nextPauseMs(), undefined, { signal: this.#stopped.signal }).catch(() => undefined)
    }
  }

  /** One KafkaJS consumer's life; resolves to what ended it, or undefined when it was told to end. */
  async #live(): Promise<EnrichmentError | undefined> {
    const { kafka, groupId, topics, assigners, maxBytesPerPartition, silentMs = SILENT_MS } = this.#options
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
    /** By the name of a request when the last one was sent that was answered: told before what came of it. */
    const sentAt = new Map<string, number>()
    const listening = [
      consumer.on(consumer.events.CRASH, ({ payload }) => ended.resolve(kafkaError(payload.error))),
      // Told before it says why: from now on it throws when it is told to pause.
      consumer.on(consumer.events.STOP, () => this.#leave()),
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        if (payload.batchSize > 0) return
        this.#partitions.get(partitionKey(payload))?.skipTo(BigInt(payload.lastOffset) + 1n)
      }),
      consumer.on(consumer.events.REQUEST, ({ payload: { apiName, sentAt: at } }) =>
        sentAt.set(apiName, performance.now() - Math.max(0, Date.now() - at)),
      ),
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
        this.#onJoin(consumer, payload.memberAssignment, sentAt.get('SyncGroup')),
      ),
      consumer.on(consumer.events.HEARTBEAT, () => {
        // What ended the session was no reason for KafkaJS to join again: it goes on, with a session that is over.
        if (this.#session?.lost !== undefined) this.restart(this.#session.lost)
        this.#confirmation.renew(sentAt.get('Heartbeat'))
      }),
    ]
    let isEnded = false
    const begunAt = performance.now()
    const watch = setInterval(() => {
      const ageMs = Math.min(this.#confirmation.ageMs, performance.now() - begunAt)
      if (ageMs >= silentMs) ended.resolve(new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: no word of ${groupId}`))
    }, silentMs / 10)
    const begin = async () => {
      await consumer.connect()
      await consumer.subscribe({ topics: Array.isArray(topics) ? topics : await topics(), fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => {
          if (!isEnded) await this.#onBatch(payload)
        },
      })
    }
    const begun = begin().catch((error) => ended.resolve(kafkaError(error)))
    const error = await ended.promise
    clearInterval(watch)
    // Nothing counts that it says from now on: it may be left to itself, and another one live.
    isEnded = true
    for (const hearNoMore of listening) hearNoMore()
    this.#leave()
    this.#stopped.signal.removeEventListener('abort', onStop)
    await closeConsumer(consumer, begun)
    return this.#stopped.signal.aborted ? undefined : error
  }

  #leave(): void {
    this.#joined = false
    this.#confirmation.end()
    this.#session?.abort.abort()
  }

  #onJoin(consumer: Consumer, memberAssignment: Record<string, number[]>, sentAt: number | undefined): void {
    this.#session?.abort.abort()
    const assignment = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    this.#joined = true
    // Before anybody is let go who waits for the membership to be confirmed, which a join does.
    this.#options.onJoin?.()
    this.#confirmation.renew(sentAt)
    const session: Session = { abort: new AbortController(), lost: undefined }
    this.#session = session
    if (this.#stopped.signal.aborted) session.abort.abort()
    this.#failure.joined()
    const begun = this.#assign(assignment, session)
    const { signal } = session.abort
    for (const partition of assignment) {
      const former = this.#partitions.get(partitionKey(partition))?.ended
      const options = {
        ...{ partition, session: signal, log: this.#options.log },
        fetching: toFetching(consumer),
        own: async (failedAt: number, fail: (error: unknown) => void) => {
          // Whoever is no member any more would fence its successor. And while the group's coordinator is away what a takeover
          // begins is given up, with all that waits for a marker (see TransactionalProducer): it must have answered since.
          await this.#confirmation.until(signal, failedAt)
          return this.#options.own(partition, signal, fail)
        },
        onFailure: (error: unknown) => this.#failure.ofPartition(partition, error),
      }
      this.#partitions.set(partitionKey(partition), new AssignedPartition(options, Promise.all([begun, former])))
    }
  }

  /** Never rejects: a member that fails here starts again. */
  #assign(assignment: TopicPartition[], { abort }: Session): Promise<void> {
    const { signal } = abort
    this.#assigning = this.#assigning.then(async () => {
      try {
        // Of an assignment that is over nothing may be taken: it would fence whoever has the partitions now.
        if (signal.aborted) return
        await this.#options.onAssigned?.(assignment, signal)
        if (!signal.aborted) this.#failure.assigned()
      } catch (error) {
        if (signal.aborted) return
        // At once, so that no partition is taken.
        abort.abort()
        this.restart(error)
      }
    })
    return this.#assigning
  }

  async #onBatch({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
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
    }, HEARTBEAT_MS / 3)
    let isTaken = false
    try {
      isTaken = await this.#deliver(batch)
    } finally {
      clearInterval(beat)
    }
    if (session.lost !== undefined) throw session.lost
    // After another join meanwhile this would move the new assignment on, past what it has not been given.
    if (isTaken && session === this.#session && !this.#stopped.signal.aborted)
      resolveOffset(batch.messages.at(-1)?.offset ?? batch.lastOffset())
  }

  async #deliver(batch: EachBatchPayload['batch']): Promise<boolean> {
    const partition = this.#partitions.get(partitionKey(batch))
    const { fetchedOffset } = batch as typeof batch & { fetchedOffset: string }
    if (!partition?.expects(fetchedOffset)) return false
    return partition.receive(toDeliveries(batch), BigInt(batch.lastOffset()) + 1n)
  }
}

/** KafkaJS keeps what was paused across joins, and forgets the pause of a whole topic when it is told of one partition. */
const toFetching = (consumer: Consumer): Fetching => ({
  pause: ({ topic, partition }) => consumer.pause([{ topic, partitions: [partition] }]),
  seek: ({ offset, ...partition }) => consumer.seek({ ...partition, offset: String(offset) }),
  resume: ({ topic, partition }) => consumer.resume([{ topic, partitions: [partition] }]),
})
