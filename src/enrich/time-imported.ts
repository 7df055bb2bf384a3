/** Importers' clocks differ by less. */
const DAY_MS = 86_400_000
/** No import is older, and seconds since 1970 that are taken for milliseconds lie before it. */
const FIRST = Date.parse('2000-01-01T00:00:00Z')

/**
 * Newer facts replace older ones: a time that nobody has reached yet would keep an album's facts for ever, whatever is
 * imported afterwards, and one from before there were imports would let them go for any other. The record's own time stands
 * for it then, which is the same when the topic is read again.
 *
 * @param importedAt as the importer says, in milliseconds since 1970 like the others
 * @param recordAt when its record was written, as Kafka says; before the year 2000 or NaN where it does not
 * @param now when it is asked
 */
export function timeImported(importedAt: number, recordAt: number, now: number): number {
  const isImport = (time: number, latest: number) => time >= FIRST && time <= latest + DAY_MS
  const known = isImport(recordAt, now) ? recordAt : now
  return isImport(importedAt, known) ? importedAt : known
}
