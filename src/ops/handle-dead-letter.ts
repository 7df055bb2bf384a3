import { randomUUID } from 'node:crypto'
import { ALL_STAGES } from '../album.ts'
import type { Database } from '../db/database.ts'
import { DeadLetterMark } from '../db/entities/dead-letter-mark.entity.ts'
import { findForgotten, timeRequest } from '../db/forgotten.ts'
import { checkAlbum } from '../enrich/check-album.ts'
import { timeImported } from '../enrich/time-imported.ts'
import { EnrichmentError } from '../errors.ts'
import type { EnrichmentRequested, RecordPosition } from '../events.ts'
import { type EventCodecs, MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { publishRecords } from '../kafka/publish-records.ts'
import { fitsInto } from '../kafka/record-size.ts'
import { withoutOwnHeaders } from '../retry/retry-headers.ts'
import type { DeadLetter, Places } from './dead-letters.ts'
import { markTime } from './handled-letters.ts'
import { nothingKnown } from './request-enrichment.ts'

export interface Retried {
  id: string
  /** The new request; null when it was refused. */
  requestId: string | null
  /** Why it was refused; null when it was sent. */
  refused: string | null
}

/**
 * Sends a new request for a dead letter to express, unless its album was forgotten since. What intake gave up is decoded and
 * checked again first. The new request's id is stored before it is sent, so that an interrupted or doubled retry sends the same request, which the
 * worker takes once.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, REGISTRY_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export async function retryDeadLetter(
  { kafka, db, topic, express }: Places & { express: string },
  codecs: EventCodecs,
  letter: DeadLetter,
  markedBy: string,
): Promise<Retried> {
  const requestedAt = await timeRequest(db)
  let decoded: Decoded
  try {
    decoded = await decodeAgain(codecs, letter, requestedAt)
    await demandNotForgotten(db, decoded)
  } catch (error) {
    if (!(error instanceof EnrichmentError) || error.code.endsWith('_UNAVAILABLE')) throw error
    return { id: letter.id, requestId: null, refused: `${error.code}: ${error.message}` }
  }
  const requestId = await chooseRequestId(db, topic, letter, markedBy)
  const request: EnrichmentRequested = {
    requestId,
    reason: 'replay',
    stages: [...ALL_STAGES],
    album: decoded.album,
    requestedAt,
    source: decoded.source,
  }
  const value = await codecs.requested.encode(request)
  const headers = withoutOwnHeaders(letter.record.headers)
  const record = { topic: express, partition: 0, key: decoded.album.albumId, value, headers }
  if (!fitsInto(record, MESSAGE_BYTES.request))
    return { id: letter.id, requestId: null, refused: `RECORD_TOO_LARGE: ${express} does not take the request` }
  await publishRecords(kafka, [record])
  await db.query((em) => em.nativeUpdate(DeadLetterMark, positionOf(topic, letter), { isSent: true }))
  return { id: letter.id, requestId, refused: null }
}

/** What a dead letter holds, and when it was asked for, in milliseconds since 1970. */
type Decoded = Pick<EnrichmentRequested, 'album' | 'source' | 'requestedAt'>

async function decodeAgain(
  codecs: EventCodecs,
  { record, stage, firstFailedAt, headers }: DeadLetter,
  now: number,
): Promise<Decoded> {
  if (record.value === null) {
    const remedy = 'import the album again, or, if it was a tombstone, `album-enricher forget` it'
    throw new EnrichmentError('RECORD_INVALID', `the dead letter has no value: ${remedy}`)
  }
  if (stage !== 'intake') return codecs.requested.decode(record.value)
  // No request was made of it, but would have been then.
  const requestedAt = Date.parse(firstFailedAt)
  const imported = await codecs.imported.decode(record.value)
  const recordAt = Date.parse(headers['enricher-original-timestamp'] ?? '')
  const importedAt = timeImported(imported.importedAt, recordAt, now)
  return { album: checkAlbum({ ...imported, importedAt }), source: readSource(headers), requestedAt }
}

/** Where the record of album.imported stands, as its dead letter says; null where somebody else's says nothing of use. */
function readSource(headers: Record<string, string>): RecordPosition | null {
  const topic = headers['enricher-original-topic'] ?? ''
  const partition = headers['enricher-original-partition'] ?? ''
  const offset = headers['enricher-original-offset'] ?? ''
  const isPosition = topic !== '' && /^\d{1,9}$/.test(partition) && /^\d{1,15}$/.test(offset)
  return isPosition ? { topic, partition: Number(partition), offset: Number(offset) } : null
}

/** What was asked for before an album was forgotten must not bring it back. @throws EnrichmentError RECORD_INVALID */
async function demandNotForgotten(db: Database, decoded: Decoded): Promise<void> {
  if ((await findForgotten(db, [decoded])).size === 0) return
  const message = `it is from before its album was forgotten: ${nothingKnown([decoded.album.albumId])}`
  throw new EnrichmentError('RECORD_INVALID', message)
}

async function chooseRequestId(db: Database, topic: string, letter: DeadLetter, markedBy: string): Promise<string> {
  const key = positionOf(topic, letter)
  const { timestamp } = letter.record
  const mark = {
    ...key,
    action: 'retried' as const,
    requestId: randomUUID(),
    isSent: false,
    markedBy,
    markedAt: markTime(timestamp),
  }
  return db.transaction(async (em) => {
    // Of another letter, see HandledLetters.
    await em.nativeDelete(DeadLetterMark, { ...key, markedAt: { $lt: new Date(timestamp) } })
    await em.upsert(DeadLetterMark, mark, { onConflictAction: 'ignore' })
    const chosen = await em.findOneOrFail(DeadLetterMark, key, { refresh: true })
    return chosen.requestId ?? mark.requestId
  })
}

/** Leaves a dead letter out of every list from now on. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function deleteDeadLetter(
  db: Database,
  topic: string,
  letter: DeadLetter,
  markedBy: string,
): Promise<void> {
  const markedAt = markTime(letter.record.timestamp)
  const mark = { action: 'deleted' as const, requestId: null, isSent: true, markedBy, markedAt }
  await db.query((em) => em.upsert(DeadLetterMark, { ...positionOf(topic, letter), ...mark }))
}

const positionOf = (topic: string, { record: { partition, offset } }: DeadLetter) => ({ topic, partition, offset })
