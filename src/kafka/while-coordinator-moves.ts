import { setTimeout as delay } from 'node:timers/promises'
import { chainOf } from './kafka-error.ts'

/** Coordinator loading, not available, moved; transaction still being ended. KafkaJS retries these in few places only. */
const PASSING_CODES = new Set<unknown>([14, 15, 16, 51])
const MOVED_WITHIN_MS = 7_000
const MAX_PAUSE_MS = 500

/** Whether a coordinator refuses only because it moves to another broker, or is not done with what came before. */
export function isCoordinatorMoving(error: unknown): boolean {
  return chainOf(error).some(({ code, name }) => PASSING_CODES.has(code) || name === 'KafkaJSGroupCoordinatorNotFound')
}

/** Whether it is not known what a server has heard, or nobody listens: the connection to it broke, or is refused. */
export function isConnectionLost(error: unknown): boolean {
  return chainOf(error).some(({ name = '' }) => /^KafkaJSConnection|^KafkaJSRequestTimeout/.test(name))
}

/**
 * Does again what a coordinator refuses while it moves to another broker, for about seven seconds.
 *
 * @param passes other errors that pass
 * @throws at once what does not pass, a lost connection too; in the end the last refusal
 */
export async function whileCoordinatorMoves<T>(
  work: () => Promise<T>,
  passes: (error: unknown) => boolean = () => false,
): Promise<T> {
  const until = performance.now() + MOVED_WITHIN_MS
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > until || !(isCoordinatorMoving(error) || passes(error))) throw error
      await delay(Math.min(5 * 2 ** attempt, MAX_PAUSE_MS))
    }
  }
}
