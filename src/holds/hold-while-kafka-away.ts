import { setTimeout as delay } from 'node:timers/promises'
import type { OpenTransactions } from '../kafka/open-transactions.ts'
import type { LaneState } from './lane-state.ts'
import type { Member } from './member.ts'

const LOOK_MS = 1_000
/** Longer than a session and the join behind it, or than leaders that move: an ordinary rebalance is no outage. */
const AWAY_MS = 10_000

const REMEDY =
  'bring Kafka back, all of its brokers, or mend what it names, or a quota that slows this client; the service goes on by itself'

/** What is watched. */
export interface Watched {
  member: Pick<Member, 'isJoined' | 'failure'>
  transactions: Pick<OpenTransactions, 'since'>
  state: Pick<LaneState, 'hold'>
  /** Of the hold, for example KAFKA_UNAVAILABLE. */
  cause: string
}

/**
 * Holds a group's work while Kafka does not answer: its member is out of the group, or cannot get its partitions, or a
 * transaction does not end, as without enough replicas, though the group goes on. It may be so of one partition alone, while
 * others go on: `failure` names it. What Kafka refuses is a hold of the member's own.
 *
 * @returns when the signal is aborted
 */
export async function holdWhileKafkaAway(
  { member, transactions, state, cause }: Watched,
  stop: AbortSignal,
): Promise<void> {
  // One that has just been started joins first.
  let lostAt: number | null = performance.now()
  let isHeld = false
  while (!stop.aborted) {
    const { isJoined, failure } = member
    const isOut = failure === null ? !isJoined : failure.code === 'KAFKA_UNAVAILABLE'
    if (isOut) lostAt ??= performance.now()
    else lostAt = null
    const since = lostAt ?? transactions.since
    const awayMs = since === null ? 0 : performance.now() - since
    const isLong = awayMs >= AWAY_MS
    if (isLong && !isHeld) {
      const away = isOut ? 'has not had this process in its group' : 'has not ended a transaction of this process'
      const message = `Kafka ${away} for ${AWAY_MS / 1_000} s`
      state.hold('away', {
        cause,
        // What else failed is a hold of its own.
        message: isOut ? (failure?.message ?? message) : message,
        remedy: REMEDY,
        since: new Date(Date.now() - awayMs).toISOString(),
      })
    } else if (isHeld && !isLong) state.hold('away', null)
    isHeld = isLong
    await delay(LOOK_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}
