import { randomUUID } from 'node:crypto'
import { ALL_STAGES } from '../album.ts'
import type { CrashMarks } from '../db/crash-marks.ts'
import { checkAlbum } from '../enrich/check-album.ts'
import { timeImported } from '../enrich/time-imported.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { EnrichmentRequested } from '../events.ts'
import type { Delivery, OutgoingRecord } from '../kafka/delivery.ts'
import { type EventCodecs, MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { fitsInto, recordBytes } from '../kafka/record-size.ts'
import { toDeadLetter } from '../retry/dead-letter.ts'
import { isOutage } from '../retry/decide-retry.ts'
import { withoutOwnHeaders } from '../retry/retry-headers.ts'

/** Leaves room for the headers that a retry adds, so that its copy still fits into express. */
const LARGEST_REQUEST = MESSAGE_BYTES.request - 65_536

/** What came of a tombstone: whether its album was stored, and whether its key can be an album's id at all. */
type TombstoneResult = 'forgotten' | 'unknown' | 'unusable'

/** What a record becomes: a request, a dead letter (with its error), or nothing (a tombstone, which erases its album). */
export interface Outcome {
  delivery: Delivery
  record: OutgoingRecord | null
  /** Of a tombstone. */
  result?: TombstoneResult
  error?: EnrichmentError
}

/** What a request is made with. */
export interface RequestMaking {
  topics: { enrichment: string; dead: string }
  codecs: Pick<EventCodecs, 'imported' | 'requested'>
  /** When a request is made, in milliseconds since 1970. */
  now(): number
  /** Knows the records of which processes have died. */
  marks: Pick<CrashMarks, 'judge' | 'isSuspect'>
}

export const isTombstone = (delivery: Delivery | undefined) => delivery?.value === null && delivery.fault === undefined

/** The records up to the first tombstone, or the tombstones up to the first other: what is imported behind one counts. */
export function untilTombstone(deliveries: Delivery[]): Delivery[] {
  const [first] = deliveries
  const end = deliveries.findIndex((delivery) => isTombstone(delivery) !== isTombstone(first))
  return end === -1 ? deliveries : deliveries.slice(0, end)
}

/** Makes a request of an album.imported record. Throws only what passes (REGISTRY_UNAVAILABLE). */
export async function toRequest(delivery: Delivery, making: RequestMaking): Promise<Outcome> {
  const { value, fault } = delivery
  const { dead } = making.topics
  if (fault !== undefined) return giveUp(delivery, fault.error, { dead, now: making.now() })
  if (value === null) return { delivery, record: null }
  try {
    const crashed = making.marks.judge(delivery)
    if (crashed !== null) throw crashed
    return { delivery, record: await toRecord(delivery, value, making) }
  } catch (thrown) {
    const error = toEnrichmentError(thrown)
    if (isOutage(error.code)) throw error
    return giveUp(delivery, error, { dead, now: making.now() })
  }
}

/**
 * The dead letter of a suspect that is the end of whoever decodes it, found out apart; null for all others. Throws only what
 * passes (REGISTRY_UNAVAILABLE).
 */
export async function refuseDeadly(
  delivery: Delivery,
  { topics, codecs, now, marks }: RequestMaking,
): Promise<Outcome | null> {
  const { value, fault } = delivery
  if (!marks.isSuspect(delivery) || fault !== undefined || value === null || marks.judge(delivery) !== null) return null
  try {
    await codecs.imported.tryApart(value)
    return null
  } catch (thrown) {
    const error = toEnrichmentError(thrown)
    if (isOutage(error.code)) throw error
    return giveUp(delivery, error, { dead: topics.dead, now: now() })
  }
}

async function toRecord(
  delivery: Delivery,
  value: Buffer,
  { topics, codecs, now }: RequestMaking,
): Promise<OutgoingRecord> {
  const { topic, partition, offset, headers } = delivery
  const imported = await codecs.imported.decode(value)
  const album = checkAlbum({ ...imported, importedAt: timeImported(imported.importedAt, delivery.timestamp, now()) })
  const request: EnrichmentRequested = {
    requestId: randomUUID(),
    reason: 'imported',
    stages: [...ALL_STAGES],
    album,
    requestedAt: now(),
    source: { topic, partition, offset: Number(offset) },
  }
  const bytes = await codecs.requested.encode(request)
  const own = { topic: topics.enrichment, partition: 0, key: album.albumId, value: bytes }
  const record = { ...own, headers: withoutOwnHeaders(headers) }
  if (!fitsInto(record, LARGEST_REQUEST)) {
    const message = `the request would have ${recordBytes(record)} bytes: import the album with fewer facts or headers`
    throw new EnrichmentError('RECORD_TOO_LARGE', message)
  }
  return record
}

/** The dead letter of a record that nothing can be made of. @param now by the clock of requests: it tells too what was forgotten since */
export function giveUp(
  delivery: Delivery,
  error: EnrichmentError,
  { dead, now }: { dead: string; now: number },
): Outcome {
  const givenUp = { error, stage: 'intake', attempt: 1, firstFailedAt: now }
  const untrusted = { ...delivery, headers: withoutOwnHeaders(delivery.headers) }
  return { delivery, record: toDeadLetter(dead, untrusted, givenUp), error }
}
