import { randomUUID } from 'node:crypto'
import { checkAlbum } from '../enrich/check-album.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { AlbumImported, EnrichmentRequested } from '../events.ts'
import type { Delivery, OutgoingRecord } from '../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { fitsInto, recordBytes } from '../kafka/record-size.ts'
import { toDeadLetter } from '../retry/dead-letter.ts'
import { isOutage } from '../retry/decide-retry.ts'
import { withoutOwnHeaders } from '../retry/retry-headers.ts'

/** Leaves room for the headers that a retry adds, so that its copy still fits into express. */
const LARGEST_REQUEST = MESSAGE_BYTES.request - 65_536

/** What a record becomes: a request, a dead letter (with its error), or nothing (a tombstone). */
export interface Outcome {
  delivery: Delivery
  record: OutgoingRecord | null
  error?: EnrichmentError
}

/** What a request is made with. */
export interface RequestMaking {
  topics: { enrichment: string; dead: string }
  decode(delivery: Delivery, value: Buffer): Promise<AlbumImported>
  encode(request: EnrichmentRequested): Promise<Buffer>
}

/** Makes a request of an album.imported record. Throws only what passes (REGISTRY_UNAVAILABLE). */
export async function toRequest(delivery: Delivery, { topics, decode, encode }: RequestMaking): Promise<Outcome> {
  const { topic, partition, offset, value, fault } = delivery
  if (fault !== undefined) return giveUp(delivery, topics.dead, fault.error)
  if (value === null) return { delivery, record: null }
  try {
    const album = checkAlbum(await decode(delivery, value))
    const request: EnrichmentRequested = {
      requestId: randomUUID(),
      reason: 'imported',
      stages: ['search', 'match', 'links', 'artwork'],
      album,
      requestedAt: Date.now(),
      source: { topic, partition, offset: Number(offset) },
    }
    const bytes = await encode(request)
    const headers = withoutOwnHeaders(delivery.headers)
    const record = { topic: topics.enrichment, key: album.albumId, value: bytes, headers }
    if (!fitsInto(record, LARGEST_REQUEST)) {
      const message = `the request would have ${recordBytes(record)} bytes: import the album with fewer facts or headers`
      throw new EnrichmentError('RECORD_TOO_LARGE', message)
    }
    return { delivery, record }
  } catch (thrown) {
    const error = toEnrichmentError(thrown)
    if (isOutage(error.code)) throw error
    return giveUp(delivery, topics.dead, error)
  }
}

function giveUp(delivery: Delivery, topic: string, error: EnrichmentError): Outcome {
  const givenUp = { error, stage: 'intake', attempt: 1, firstFailedAt: Date.now() }
  const untrusted = { ...delivery, headers: withoutOwnHeaders(delivery.headers) }
  return { delivery, record: toDeadLetter(topic, untrusted, givenUp), error }
}
