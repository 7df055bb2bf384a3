import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { MOST_AT_ONCE } from '../db/forget.ts'
import { readRequestTimes } from '../db/forgotten.ts'
import type { HoldRecord } from '../db/hold-record.ts'
import { resumedAt, storeHolds } from '../db/lane.ts'
import type { EnrichmentError } from '../errors.ts'
import { DeadLetterLimit } from '../holds/dead-letter-limit.ts'
import { explainRefusal } from '../holds/explain-refusal.ts'
import { holdWhileKafkaAway } from '../holds/hold-while-kafka-away.ts'
import { LaneState } from '../holds/lane-state.ts'
import type { Member } from '../holds/member.ts'
import { waitWhileAway } from '../holds/wait-while-away.ts'
import type { Delivery, TopicPartition } from '../kafka/delivery.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import { GroupConsumer } from '../kafka/group-consumer.ts'
import type { DeliveredBatch, OwnedPartition } from '../kafka/group-consumer-options.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { OpenTransactions } from '../kafka/open-transactions.ts'
import { ownPartition, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { TransactionSize } from '../kafka/transaction-size.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { OffsetFaults } from './offset-faults.ts'
import { RequestClock } from './request-clock.ts'
import { type Forgetting, toForgotten } from './to-forgotten.ts'
import { isTombstone, type Outcome, type RequestMaking, refuseDeadly, toRequest, untilTombstone } from './to-request.ts'

/** Records in one transaction: enough to make its 15 ms small, few enough to stay well below a second. */
const RECORDS_PER_TRANSACTION = 1_000
const FETCH_BYTES = 262_144
const ALIVE_MS = 1_000
/** Between two looks at PostgreSQL's clock: another one drifts by less than it matters. */
const CLOCK_MS = 60_000
/** Cause of its hold for a flood, which is not the lane's. */
const INTAKE_FLOOD = 'intake_flood'
const KEY_REMEDY = "the key must be the UTF-8 bytes of the album's id, no JSON and no Avro"

interface IntakeOptions {
  kafka: Kafka
  /** Remembers for `status` why intake is held, tells the time, and is what tombstones erase from. */
  db: Database
  codecs: Pick<EventCodecs, 'imported' | 'requested'>
  log: Logger
}

/**
 * Makes a request of every album.imported record, or a dead letter of one that is no album: read, made and committed
 * in Kafka transactions, so a record becomes exactly one of both whatever dies. A tombstone erases its album, again if it is
 * delivered again.
 */
export class Intake implements Member {
  readonly topics: string[]
  readonly #groupId: string
  readonly #options: IntakeOptions
  readonly #consumer: GroupConsumer
  readonly #state: LaneState
  readonly #flood: DeadLetterLimit
  readonly #marks: CrashMarks
  readonly #transactions = new OpenTransactions()
  readonly #size = new TransactionSize(RECORDS_PER_TRANSACTION)
  readonly #clock = new RequestClock()
  readonly #making: RequestMaking
  readonly #forgetting: Forgetting
  readonly #stopping = new AbortController()
  readonly #offsets: OffsetFaults
  /** Whether the group has given it its share, which may be none. */
  #isActive = false
  /** Whether a key was told that is not its album's id: once, since it is the importer that has them so. */
  #hasToldKey = false

  constructor(config: Config<'kafka' | 'service' | 'database'>, options: IntakeOptions) {
    const { kafka, db, codecs, log } = options
    const topics = topicNames(config)
    const groupId = groupNames(config).intake
    this.topics = [topics.imported]
    this.#groupId = groupId
    this.#options = options
    this.#marks = new CrashMarks(db, groupId, randomUUID())
    this.#making = { topics, codecs, now: () => this.#clock.now(), marks: this.#marks }
    const tombstonesIn = config.FORGET_TOMBSTONES === 'yes' ? topics.enriched : undefined
    this.#forgetting = { db, clock: this.#clock, dead: topics.dead, tombstonesIn, log }
    this.#flood = new DeadLetterLimit(config.FLOOD_DEAD_LETTERS, (hold) =>
      this.#state.hold('flood', hold && { ...hold, cause: INTAKE_FLOOD }),
    )
    this.#state = new LaneState({
      db,
      name: groupId,
      isLane: false,
      log,
      stop: this.#stopping.signal,
      part: () => (this.#isActive ? 'active' : 'none'),
      storeHolds: (holds, former) => storeHolds(db, groupId, holds, former),
      onResume: (row) => {
        this.#flood.resume()
        this.#offsets.resumed(row)
      },
    })
    this.#offsets = new OffsetFaults(this.#marks, this.#state, topics.enrichment, this.#onDeleted)
    this.#consumer = new GroupConsumer({
      kafka,
      groupId,
      topics: this.topics,
      maxBytesPerPartition: FETCH_BYTES,
      log,
      onAssigned: (assignment, signal) => this.#prepare(assignment, signal),
      own: (partition, signal, fail) => this.#own(partition, signal, fail),
      onRefused: (refusal) => this.#state.hold('kafka', explainRefusal(refusal, 'intake_')),
    })
  }

  start(): void {
    const { signal } = this.#stopping
    this.#state.start()
    this.#consumer.start()
    void keepDoing(CLOCK_MS, () => this.#followClock(), this.#onClockLate, signal)
    const watched = { member: this.#consumer, transactions: this.#transactions, state: this.#state }
    void holdWhileKafkaAway({ ...watched, cause: 'intake_KAFKA_UNAVAILABLE' }, signal)
  }

  get isJoined(): boolean {
    return this.#consumer.isJoined
  }

  get failure(): EnrichmentError | null {
    return this.#consumer.failure
  }

  get condition(): { state: string; holds: HoldRecord[] } {
    return { state: this.#state.state, holds: this.#state.holds }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#consumer.stop()
    await this.#state.closed()
  }

  async #prepare(assignment: TopicPartition[], signal: AbortSignal): Promise<void> {
    this.#offsets.assigned(assignment)
    await this.#restoreFlood(signal)
    await this.#setClock(signal)
    this.#isActive = true
    // At every join: it may have come of the death of one that held, whose holds nobody else would end.
    this.#state.partChanged()
  }

  async #own(
    partition: TopicPartition,
    signal: AbortSignal,
    onBroken: (error: unknown) => void,
  ): Promise<OwnedPartition> {
    const { topics } = this.#making
    const ownership = await ownPartition(this.#options.kafka, partition, {
      groupId: this.#groupId,
      outputs: [topics.enrichment, topics.dead],
      marks: this.#marks,
      transactions: this.#transactions,
      confirmed: () => this.#consumer.confirmed(signal),
      onBroken,
      onDeleted: this.#onDeleted,
      isHeld: this.#offsets.isHeld(partition),
      beginAt: (place, log) => this.#offsets.beginAt(place, log),
      metadata: this.#offsets.metadata,
      judgeMetadata: (place, metadata) => this.#offsets.judgeMetadata(place, metadata),
    }).catch((error) => {
      // Of an assignment that is over nobody would ever say that it is well again.
      if (!signal.aborted) this.#offsets.failed(partition, error)
      throw error
    })
    if (!signal.aborted) this.#offsets.over(partition)
    return {
      position: ownership.position,
      receive: (batch) => this.#forward(ownership, batch),
      close: () => ownership.close(),
    }
  }

  /** A flood holds whoever works for the group, until a person says resume. */
  async #restoreFlood(signal: AbortSignal): Promise<void> {
    const lane = await this.#state.lastSeen(signal)
    this.#flood.restore(
      lane.holds.find(({ cause }) => cause === INTAKE_FLOOD),
      resumedAt(lane),
    )
  }

  /** While PostgreSQL is away it goes on as it was set before; the first time there is nothing to go on from. */
  async #setClock(signal: AbortSignal): Promise<void> {
    const follow = () => this.#followClock()
    if (this.#clock.isSet) await follow().catch(this.#onClockLate)
    else await this.#whileAway(follow, signal)
  }

  #followClock(): Promise<void> {
    return this.#clock.follow(() => readRequestTimes(this.#options.db))
  }

  readonly #onDeleted = (place: TopicPartition, from: bigint, to: bigint) =>
    this.#options.log.error(
      { ...place, from: String(from), to: String(to) },
      'records deleted before they were requested',
    )

  readonly #onClockLate = (error: unknown) => this.#options.log.debug({ err: error }, 'clock not set')

  async #forward(ownership: PartitionOwnership, { deliveries, nextOffset, signal }: DeliveredBatch): Promise<void> {
    if (deliveries.length === 0 && nextOffset > ownership.position) await ownership.commit([], nextOffset)
    const pending = deliveries.filter(({ offset }) => offset >= ownership.position)
    // Waiting for a registry, or for a person, is no hanging.
    const alive = setInterval(() => this.#consumer.progress(), ALIVE_MS)
    try {
      while (pending.length > 0 && !signal.aborted) {
        await this.#flood.admit(signal)
        const outcomes = await this.#makeNext(pending, signal)
        const taken = outcomes.slice(0, this.#flood.countAdmitted(outcomes.map(({ error }) => error !== undefined)))
        const records = taken.map(({ record }) => record).filter((record) => record !== null)
        const last = taken.at(-1)?.delivery
        if (last !== undefined) await this.#size.during(() => ownership.commit(records, last.nextOffset))
        for (const outcome of taken) {
          // Not before the commit: one that fails, and is done again, has given nothing up.
          this.#flood.record(outcome.error !== undefined)
          this.#report(outcome)
        }
        pending.splice(0, taken.length)
      }
    } catch (error) {
      // Given up with the partition: members that started again for it would make each other start again, without end.
      if (!signal.aborted) throw error
    } finally {
      clearInterval(alive)
    }
  }

  /** Outcomes of the first ones that wait: as many as go into one transaction. */
  async #makeNext(pending: Delivery[], signal: AbortSignal): Promise<Outcome[]> {
    const together = isTombstone(pending[0]) ? MOST_AT_ONCE : this.#size.records
    const most = untilTombstone(pending.slice(0, this.#flood.isProbing ? 1 : together))
    const chunk = most.slice(0, this.#marks.countTogether(most))
    const make = isTombstone(chunk[0])
      ? () => toForgotten(chunk, this.#forgetting, signal)
      : () => Promise.all(chunk.map((delivery) => toRequest(delivery, this.#making)))
    return this.#whileAway(async () => {
      // A suspect comes alone.
      const [first] = chunk
      const deadly = first && (await refuseDeadly(first, this.#making))
      return deadly ? [deadly] : this.#marks.touch(chunk, make)
    }, signal)
  }

  /** Its cause is not the lane's, which is held for the registry by itself, and may go on meanwhile. */
  #whileAway<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return waitWhileAway('intake', work, this.#options.log, signal, (away) => {
      const server = away?.code.startsWith('DATABASE_') ? 'PostgreSQL' : 'the registry'
      const remedy = `mend ${server}; intake goes on by itself within 5 s`
      this.#state.hold('server', away && { cause: `intake_${away.code}`, message: away.message, remedy })
    })
  }

  #report({ delivery: { topic, partition, offset, key }, record, result = 'unknown', error }: Outcome): void {
    const { log } = this.#options
    const position = { topic, partition, offset: String(offset), key: key?.toString() }
    if (record === null) {
      metrics.tombstones.inc({ result })
      if (result === 'unknown') log.info(position, 'tombstone skipped')
      if (result === 'unusable')
        log.warn({ ...position, remedy: KEY_REMEDY }, 'tombstone not heeded: its key can be no album id')
    } else if (error !== undefined) {
      metrics.deadLetters.inc({ code: error.code })
      log.error({ ...position, code: error.code, reason: error.message }, 'album dead-lettered')
    } else if (!this.#hasToldKey && !key?.equals(Buffer.from(record.key ?? ''))) {
      this.#hasToldKey = true
      const reason = 'its corrections may be taken in the wrong order, and a tombstone would not reach it'
      log.warn({ ...position, albumId: record.key, reason, remedy: KEY_REMEDY }, 'album key is not its id')
    }
  }
}
