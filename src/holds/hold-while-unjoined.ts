import { setTimeout as delay } from 'node:timers/promises'
import type { LaneState } from './lane-state.ts'
import type { Member } from './member.ts'

const LOOK_MS = 1_000
/** Longer than a session and the join behind it: an ordinary rebalance is no outage. */
const UNJOINED_MS = 10_000

/**
 * Holds a group's work while its member is out of the group, or cannot get its partitions, because Kafka does not answer:
 * nothing moves then, whatever the member itself still believes. What Kafka refuses is a hold of the member's own.
 *
 * @param cause of the hold, for example KAFKA_UNAVAILABLE
 * @returns when the signal is aborted
 */
export async function holdWhileUnjoined(
  member: Pick<Member, 'isJoined' | 'failure'>,
  state: LaneState,
  cause: string,
  stop: AbortSignal,
): Promise<void> {
  // One that has just been started joins first.
  let lostAt: number | null = Date.now()
  let isHeld = false
  while (!stop.aborted) {
    const { isJoined, failure } = member
    const isAway = failure === null ? !isJoined : failure.code === 'KAFKA_UNAVAILABLE'
    if (isAway) lostAt ??= Date.now()
    else lostAt = null
    const isLong = lostAt !== null && Date.now() - lostAt >= UNJOINED_MS
    if (isLong && lostAt !== null && !isHeld) {
      state.hold('away', {
        cause,
        message: failure?.message ?? `Kafka has not had this process in its group for ${UNJOINED_MS / 1_000} s`,
        remedy: 'bring Kafka back; the service joins its group again and goes on by itself',
        since: new Date(lostAt).toISOString(),
      })
    } else if (isHeld && !isLong) state.hold('away', null)
    isHeld = isLong
    await delay(LOOK_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}
