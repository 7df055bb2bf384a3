/** By SQLSTATE how often work is done anew that it ended (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export type Repeats = Readonly<Record<string, number>>

export const LOCK_TIMED_OUT = '55P03'
/** A deadlock, or rows that changed under a statement's feet, is over with the next try; a lock that was waited for may be. */
export const REPEATS: Repeats = { '40P01': 3, '40001': 3, [LOCK_TIMED_OUT]: 1 }

/** For work that has effects outside of its transaction. */
export const NO_REPEATS: Repeats = {}

/**
 * Does work at once again where others were in its way.
 *
 * @param work one transaction, of which nothing was written then, and which has no effects outside of it
 * @throws what the work throws last
 */
export async function repeat<T>(work: () => Promise<T>, repeats: Repeats): Promise<T> {
  const left: Record<string, number> = { ...repeats }
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const code = String((error as { code?: unknown }).code)
      const times = left[code] ?? 0
      if (times === 0) throw error
      left[code] = times - 1
    }
  }
}
