import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { DeadLetterMark } from '../db/entities/dead-letter-mark.entity.ts'
import { checkAlbum } from '../enrich/check-album.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import type { Delivery } from '../kafka/delivery.ts'
import { type EventCodecs, MESSAGE_BYTES } from '../kafka/event-topics.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { publishRecords } from '../kafka/publish-records.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { fitsInto } from '../kafka/record-size.ts'
import { withoutOwnHeaders } from '../retry/retry-headers.ts'

/** A record that was given up and that nobody has handled yet. */
export interface DeadLetter {
  /** "partition:offset" in the dead-letter topic, as the commands take it. */
  id: string
  record: Omit<Delivery, 'nextOffset'>
  key: string | null
  code: string
  message: string
  stage: string
  attempt: number
  /** ISO time of the first failure. */
  firstFailedAt: string
  requestId: string | null
  /** Every header, as text. */
  headers: Record<string, string>
}

/** What a command is about: everything, one code, or letters by id or request id. */
export type Selection = { all: true } | { code: string } | { ids: string[] }

export interface Places {
  kafka: Kafka
  db: Database
  /** The dead-letter topic. */
  topic: string
}

/**
 * Shows every unhandled dead letter of the selection, oldest first, one at a time, so that memory stays small.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, DATABASE_UNAVAILABLE; RECORD_INVALID naming ids that are not there
 */
export async function forEachDeadLetter(
  { kafka, db, topic }: Places,
  selection: Selection,
  onLetter: (letter: DeadLetter) => Promise<void> | void,
): Promise<void> {
  const marks = await db.query((em) => em.find(DeadLetterMark, { topic, isSent: true }))
  const handled = new Set(marks.map(({ partition, offset }) => `${partition}:${offset}`))
  const missing = new Set('ids' in selection ? selection.ids : [])
  await readTopic(kafka, topic, async (record) => {
    const letter = toLetter(record)
    if (handled.has(letter.id) || !isSelected(letter, selection)) return undefined
    missing.delete(letter.id)
    if (letter.requestId !== null) missing.delete(letter.requestId)
    await onLetter(letter)
    return undefined
  })
  if (missing.size === 0) return
  const ids = [...missing].join(', ')
  throw new EnrichmentError(
    'RECORD_INVALID',
    `no unhandled dead letter is called ${ids}: see \`album-enricher dead list\``,
  )
}

function isSelected({ id, requestId, code }: DeadLetter, selection: Selection): boolean {
  if ('code' in selection) return selection.code === code
  return 'all' in selection || selection.ids.includes(id) || (requestId !== null && selection.ids.includes(requestId))
}

function toLetter(record: Omit<Delivery, 'nextOffset'>): DeadLetter {
  const headers = Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, String(value)]))
  return {
    id: `${record.partition}:${record.offset}`,
    record,
    key: record.key?.toString() ?? null,
    code: headers['enricher-error-code'] ?? 'UNKNOWN',
    message: headers['enricher-error-message'] ?? '',
    stage: headers['enricher-stage'] ?? '',
    attempt: Number(headers['enricher-attempt'] ?? 0),
    firstFailedAt: headers['enricher-first-failed-at'] ?? '',
    requestId: headers['enricher-request-id'] ?? null,
    headers,
  }
}

export interface Retried {
  id: string
  /** The new request; null when it was refused. */
  requestId: string | null
  /** Why it was refused; null when it was sent. */
  refused: string | null
}

/**
 * Sends a new request for a dead letter to express. What intake gave up is decoded and checked again first. The new
 * request's id is stored before it is sent, so that an interrupted or doubled retry sends the same request, which the
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
  let decoded: { album: Album; source: EnrichmentRequested['source'] }
  try {
    decoded = await decodeAgain(codecs, letter)
  } catch (error) {
    if (!(error instanceof EnrichmentError) || error.code.endsWith('_UNAVAILABLE')) throw error
    return { id: letter.id, requestId: null, refused: `${error.code}: ${error.message}` }
  }
  const requestId = await chooseRequestId(db, topic, letter, markedBy)
  const request: EnrichmentRequested = {
    requestId,
    reason: 'replay',
    stages: ['search', 'match', 'links', 'artwork'],
    album: decoded.album,
    requestedAt: Date.now(),
    source: decoded.source,
  }
  const value = await codecs.requested.encode(request)
  const headers = withoutOwnHeaders(letter.record.headers)
  const record = { topic: express, key: decoded.album.albumId, value, headers }
  if (!fitsInto(record, MESSAGE_BYTES.request))
    return { id: letter.id, requestId: null, refused: `RECORD_TOO_LARGE: ${express} does not take the request` }
  await publishRecords(kafka, [record])
  await db.query((em) => em.nativeUpdate(DeadLetterMark, positionOf(topic, letter), { isSent: true }))
  return { id: letter.id, requestId, refused: null }
}

async function decodeAgain(codecs: EventCodecs, { record, stage }: DeadLetter) {
  if (record.value === null) throw new EnrichmentError('RECORD_INVALID', 'the dead letter has no value')
  if (stage === 'intake') return { album: checkAlbum(await codecs.imported.decode(record.value)), source: null }
  const { album, source } = await codecs.requested.decode(record.value)
  return { album, source }
}

async function chooseRequestId(db: Database, topic: string, letter: DeadLetter, markedBy: string): Promise<string> {
  const key = positionOf(topic, letter)
  const mark = {
    ...key,
    action: 'retried' as const,
    requestId: randomUUID(),
    isSent: false,
    markedBy,
    markedAt: new Date(),
  }
  return db.transaction(async (em) => {
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
  const mark = { action: 'deleted' as const, requestId: null, isSent: true, markedBy, markedAt: new Date() }
  await db.query((em) => em.upsert(DeadLetterMark, { ...positionOf(topic, letter), ...mark }))
}

const positionOf = (topic: string, { record: { partition, offset } }: DeadLetter) => ({ topic, partition, offset })
