/** Importers' clocks differ by less. */
const DAY_MS = 86_400_000

/**
 * Newer facts replace older ones: a time that nobody has reached yet would keep an album's facts for ever, whatever is
 * imported afterwards. The record's own time stands for it then, which is the same when the topic is read again.
 *
 * @param importedAt as the importer says, in milliseconds since 1970 like the others
 * @param recordAt when its record was written, as Kafka says; at most 0 or NaN where it does not
 * @param now when it is asked
 */
export function timeImported(importedAt: number, recordAt: number, now: number): number {
  const known = recordAt > 0 && recordAt <= now + DAY_MS ? recordAt : now
  return importedAt > known + DAY_MS ? known : importedAt
}
