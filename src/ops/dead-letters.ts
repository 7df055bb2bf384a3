import type { Database } from '../db/database.ts'
import { similarity } from '../enrich/match/similarity.ts'
import { EnrichmentError, ERROR_CODES } from '../errors.ts'
import type { Delivery, RecordHeaders } from '../kafka/delivery.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { HandledLetters } from './handled-letters.ts'

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

/** Of one that tells none. */
const NO_CODE = 'UNKNOWN'

/** Why a retry or a dead letter came about, as its headers say. */
export const codeOf = (headers: RecordHeaders): string => String(headers['enricher-error-code'] ?? NO_CODE)

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
 * @throws EnrichmentError KAFKA_UNAVAILABLE, DATABASE_UNAVAILABLE; RECORD_INVALID naming ids that are not there;
 *   CONFIG_INVALID for a code that neither this build nor any letter has
 */
export async function forEachDeadLetter(
  { kafka, db, topic }: Places,
  selection: Selection,
  onLetter: (letter: DeadLetter) => Promise<void> | void,
): Promise<void> {
  const handled = await HandledLetters.read(db, topic)
  const missing = new Set('ids' in selection ? selection.ids : [])
  const codes = new Set<string>([...Object.keys(ERROR_CODES), NO_CODE])
  await readTopic(kafka, topic, async (record) => {
    const letter = toLetter(record)
    codes.add(letter.code)
    if (handled.has(letter.id, record.timestamp) || !isSelected(letter, selection)) return undefined
    missing.delete(letter.id)
    if (letter.requestId !== null) missing.delete(letter.requestId)
    await onLetter(letter)
    return undefined
  })
  if ('code' in selection && !codes.has(selection.code)) throw unknownCode(selection.code, codes)
  if (missing.size === 0) return
  const ids = [...missing].join(', ')
  throw new EnrichmentError(
    'RECORD_INVALID',
    `no unhandled dead letter is called ${ids}: see \`album-enricher dead list\``,
  )
}

/** What lists tell of a letter. */
export type LetterSummary = ReturnType<typeof summarise>

export function summarise({ id, key, code, message, stage, attempt, firstFailedAt, requestId }: DeadLetter) {
  return { id, albumId: key, code, message, stage, attempt, firstFailedAt, requestId }
}

/**
 * The unhandled letters of an album or a request, oldest first.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export async function findLetters(places: Places, id: string): Promise<LetterSummary[]> {
  const found: LetterSummary[] = []
  await forEachDeadLetter(places, { all: true }, (letter) => {
    if (letter.key === id || letter.requestId === id) found.push(summarise(letter))
  })
  return found
}

/** Less alike ones are no slips of the hand. */
const ALIKE = 0.6

function unknownCode(code: string, codes: Set<string>): EnrichmentError {
  const likeness = (other: string) => similarity(code.toUpperCase(), other)
  const alike = [...codes].filter((other) => likeness(other) >= ALIKE).sort((a, b) => likeness(b) - likeness(a))
  const remedy = alike.length > 0 ? `it is perhaps ${alike.slice(0, 3).join(', ')}` : 'see `album-enricher dead list`'
  const message = `--code: got ${code}, which is no error code and which no dead letter has: ${remedy}`
  return new EnrichmentError('CONFIG_INVALID', message)
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
    code: codeOf(record.headers),
    message: headers['enricher-error-message'] ?? '',
    stage: headers['enricher-stage'] ?? '',
    attempt: Number(headers['enricher-attempt'] ?? 0),
    firstFailedAt: headers['enricher-first-failed-at'] ?? '',
    requestId: headers['enricher-request-id'] ?? null,
    headers,
  }
}
