import type { EnrichmentError } from '../errors.ts'
import type { NewHold } from './lane-state.ts'

/** The hold for what Kafka refuses a member of a group; null where it refuses nothing. */
export function explainRefusal(refusal: EnrichmentError | null, causePrefix = ''): NewHold | null {
  if (refusal === null) return null
  const { code, message } = refusal
  return {
    cause: `${causePrefix}${code}`,
    message,
    remedy: 'mend it at the brokers; work goes on by itself within 5 s',
  }
}
