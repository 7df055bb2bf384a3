import { type ErrorCode, toEnrichmentError } from '../../errors.ts'
import type { Dependencies } from '../dependencies.ts'

/** A mistyped name is no outage, and no album is left open for it; a day that is spent has a setting of its own. */
const HELD_FOR: readonly ErrorCode[] = ['MODEL_NOT_FOUND', 'MODEL_DAY_SPENT']

const isHeldFor = (error: unknown) => HELD_FOR.includes(toEnrichmentError(error).code)

/** The model where its outages go to review: the lane is held for nothing but what is no outage. */
export function askedOnce(model: Dependencies['model']): Dependencies['model'] {
  return async (work, signal, caller) => {
    try {
      return await work(signal)
    } catch (error) {
      if (!isHeldFor(error)) throw error
    }
    const asked = await model(
      async (signal) => {
        const [outcome] = await Promise.allSettled([work(signal)])
        // Whatever else it fails with would be held for as well, were it thrown in here.
        if (outcome.status === 'rejected' && (signal.aborted || isHeldFor(outcome.reason))) throw outcome.reason
        return outcome
      },
      signal,
      caller,
    )
    if (asked.status === 'rejected') throw asked.reason
    return asked.value
  }
}
