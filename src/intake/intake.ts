import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { readRequestTimes } from '../db/forgotten.ts'
import { resumedAt, storeHolds } from '../db/lane.ts'
import { EnrichmentError } from '../errors.ts'
import { DeadLetterLimit } from '../holds/dead-letter-limit.ts'
import { explainRefusal } from '../holds/explain-refusal.ts'
import { holdWhileKafkaAway } from '../holds/hold-while-kafka-away.ts'
import { LaneState, type NewHold } from '../holds/lane-state.ts'
import type { Member } from '../holds/member.ts'
import { waitWhileAway } from '../holds/wait-while-away.ts'
import type { CommitOffset, TopicPartition } from '../kafka/delivery.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import { GroupConsumer } from '../kafka/group-consumer.ts'
import type { DeliveredBatch } from '../kafka/group-consumer-options.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { OpenTransactions } from '../kafka/open-transactions.ts'
import { ownEach, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { RequestClock } from './request-clock.ts'
import { toForgotten } from './to-forgotten.ts'
import { isTombstone, type Outcome, type RequestMaking, refuseDeadly, toRequest, untilTombstone } from './to-request.ts'

/** Records in one transaction: enough to make its 15 ms small, few enough to stay well below a second. */
const RECORDS_PER_TRANSACTION = 1_000
const FETCH_BYTES = 262_144
const ALIVE_MS = 1_000
/** Between two looks at PostgreSQL's clock: another one drifts by less than it matters. */
const CLOCK_MS = 60_000
/** Cause of its hold for a flood, which is not the lane's. */
const INTAKE_FLOOD = 'intake_flood'
interface Surroundings {
  kafka: Kafka
  /** Remembers for `status` why intake is held, tells the time, and is what tombstones erase from. */
  db: Database
  codecs: Pick<EventCodecs, 'imported' | 'requested'>
  log: Logger
}

/** The hold for a group that stands beyond the end of its log; null where a takeover failed for another reason, or not. */
function explainBeyond(failure: unknown): NewHold | null {
  if (!(failure instanceof EnrichmentError) || failure.code !== 'TOPIC_WRONG') return null
  const { message } = failure
  const remedy =
    'stop the service, set the offsets of the group with kafka-consumer-groups.sh --reset-offsets, and start it'
  return { cause: 'intake_offset_beyond_log', message, remedy }
}

/**
 * Makes a request of every album.imported record, or a dead letter of one that is no album: read, made and committed
 * in Kafka transactions, so a record becomes exactly one of both whatever dies. A tombstone erases its album, again if it is
 * delivered again.
 */
export function startIntake(
  config: Config<'kafka' | 'service' | 'database'>,
  { kafka, db, codecs, log }: Surroundings,
): Member {
  const topics = topicNames(config)
  const tombstonesIn = config.FORGET_TOMBSTONES === 'yes' ? topics.enriched : undefined
  const groupId = groupNames(config).intake
  const stopping = new AbortController()
  /** Whether it has had partitions. */
  let isActive = false
  const state = new LaneState({
    db,
    name: groupId,
    isLane: false,
    log,
    stop: stopping.signal,
    part: () => (isActive ? 'active' : 'none'),
    storeHolds: (holds, former) => storeHolds(db, groupId, holds, former),
    onResume: () => flood.resume(),
  })
  const flood = new DeadLetterLimit(config.FLOOD_DEAD_LETTERS, (hold) =>
    state.hold('flood', hold && { ...hold, cause: INTAKE_FLOOD }),
  )
  let owned = new Map<number, PartitionOwnership>()
  const transactions = new OpenTransactions()
  const marks = new CrashMarks(db, groupId, randomUUID())
  const clock = new RequestClock()
  const followClock = () => clock.follow(() => readRequestTimes(db))
  const onClockLate = (error: unknown) => log.debug({ err: error }, 'clock not set')
  const making: RequestMaking = {
    topics,
    codecs,
    now: () => clock.now(),
    marks,
  }
  const forgetting = { db, clock, dead: topics.dead, tombstonesIn, log }

  /** A flood holds whoever works for the group, until a person says resume. */
  async function restoreFlood(signal: AbortSignal): Promise<void> {
    const lane = await state.lastSeen(signal)
    flood.restore(
      lane.holds.find(({ cause }) => cause === INTAKE_FLOOD),
      resumedAt(lane),
    )
  }

  /** While PostgreSQL is away it goes on as it was set before; the first time there is nothing to go on from. */
  async function setClock(signal: AbortSignal): Promise<void> {
    if (clock.isSet) await followClock().catch(onClockLate)
    else await waitWhileAway('intake', followClock, log, signal, holdWhileAway)
  }

  async function takeOver(assignment: TopicPartition[], signal: AbortSignal): Promise<CommitOffset[]> {
    await Promise.all([...owned.values()].map((ownership) => ownership.close()))
    owned = new Map()
    // Of an assignment that is over: it would fence whoever has the partitions now.
    if (signal.aborted) return []
    await restoreFlood(signal)
    await setClock(signal)
    await marks.leave()
    if (!isActive) {
      isActive = true
      state.partChanged()
    }
    const claim = { groupId, partitions: assignment, outputs: [topics.enrichment, topics.dead] }
    const { owned: taken, failure } = await transactions.during(
      ownEach(kafka, { ...claim, confirmed: () => consumer.confirmed(signal) }),
    )
    owned = new Map(taken.map(({ partition, ownership }) => [partition.partition, ownership]))
    state.hold('offsets', explainBeyond(failure))
    if (failure !== undefined) throw failure
    const positions = taken.flatMap(({ ownership }) => ownership.positions())
    await marks.takeOver(positions)
    return positions
  }

  async function forward({ topic, partition, deliveries, nextOffset, signal }: DeliveredBatch): Promise<void> {
    const ownership = owned.get(partition)
    if (ownership === undefined)
      throw new EnrichmentError('INTERNAL', `partition ${partition} of ${topic} is not owned`)
    if (deliveries.length === 0 && ownership.isPending({ topic, partition, offset: nextOffset - 1n }))
      await ownership.commit([], [{ topic, partition, offset: nextOffset }])
    const pending = deliveries.filter((delivery) => ownership.isPending(delivery))
    // Waiting for a registry, or for a person, is no hanging.
    const alive = setInterval(() => consumer.progress(), ALIVE_MS)
    try {
      while (pending.length > 0 && !signal.aborted) {
        await flood.admit(signal)
        const most = untilTombstone(pending.slice(0, flood.isProbing ? 1 : RECORDS_PER_TRANSACTION))
        const chunk = most.slice(0, marks.countTogether(most))
        const make = isTombstone(chunk[0])
          ? () => toForgotten(chunk, forgetting)
          : () => Promise.all(chunk.map((delivery) => toRequest(delivery, making)))
        const work = async () => {
          // A suspect comes alone.
          const [first] = chunk
          const deadly = first && (await refuseDeadly(first, making))
          return deadly ? [deadly] : marks.touch(chunk, make)
        }
        const outcomes = await waitWhileAway('intake', work, log, signal, holdWhileAway)
        const taken = outcomes.slice(0, countAdmitted(outcomes))
        const records = taken.map(({ record }) => record).filter((record) => record !== null)
        const last = taken.at(-1)?.delivery
        if (last !== undefined)
          await transactions.during(ownership.commit(records, [{ topic, partition, offset: last.nextOffset }]))
        for (const outcome of taken) {
          // Not before the commit: one that fails, and is done again, has given nothing up.
          flood.record(outcome.error !== undefined)
          report(outcome)
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

  /** Its cause is not the lane's, which is held for the registry by itself, and may go on meanwhile. */
  function holdWhileAway(away: EnrichmentError | null): void {
    const server = away?.code.startsWith('DATABASE_') ? 'PostgreSQL' : 'the registry'
    const remedy = `mend ${server}; intake goes on by itself within 5 s`
    state.hold('registry', away && { cause: `intake_${away.code}`, message: away.message, remedy })
  }

  /** How many of them may be published before intake is held for a flood of dead letters. */
  function countAdmitted(outcomes: Outcome[]): number {
    let left = flood.left
    const last = outcomes.findIndex(({ error }) => {
      left = error === undefined ? config.FLOOD_DEAD_LETTERS : left - 1
      return left === 0
    })
    return last === -1 ? outcomes.length : last + 1
  }

  function report({ delivery: { topic, partition, offset, key }, record, isForgotten, error }: Outcome): void {
    const position = { topic, partition, offset: String(offset), key: key?.toString() }
    if (record === null) {
      metrics.tombstones.inc()
      if (!isForgotten) log.info(position, 'tombstone skipped')
    } else if (error !== undefined) {
      metrics.deadLetters.inc({ code: error.code })
      log.error({ ...position, code: error.code, reason: error.message }, 'album dead-lettered')
    }
  }

  const consumer = new GroupConsumer({
    kafka,
    groupId,
    topics: [topics.imported],
    maxBytesPerPartition: FETCH_BYTES,
    log,
    onAssigned: takeOver,
    onRefused: (refusal) => state.hold('kafka', explainRefusal(refusal, 'intake_')),
    onBatch: forward,
  })
  state.start()
  consumer.start()
  void keepDoing(CLOCK_MS, followClock, onClockLate, stopping.signal)
  void holdWhileKafkaAway({ member: consumer, transactions, state, cause: 'intake_KAFKA_UNAVAILABLE' }, stopping.signal)
  return {
    get isJoined() {
      return consumer.isJoined
    },
    get failure() {
      return consumer.failure
    },
    get condition() {
      return { state: state.state, holds: state.holds }
    },
    async stop() {
      stopping.abort()
      await consumer.stop()
      await Promise.all([...owned.values()].map((ownership) => ownership.close()))
      await marks.leave()
      await state.closed()
    },
  }
}
