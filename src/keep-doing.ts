import { setTimeout as delay } from 'node:timers/promises'

/**
 * Does work again and again until the signal is aborted. What fails is told, and done again in the next round.
 *
 * @param everyMs the pause after each round, in milliseconds
 * @returns when the signal is aborted
 */
export async function keepDoing(
  everyMs: number,
  work: () => Promise<void>,
  onFailed: (error: unknown) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await work()
    } catch (error) {
      onFailed(error)
    }
    await delay(everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined)
  }
}
