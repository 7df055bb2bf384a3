import type { Candidate } from '../album.ts'
import type { Database } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { ArtworkRow } from '../db/entities/artwork.entity.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { Enrichment, type FailedAttempt } from '../db/entities/enrichment.entity.ts'
import { ExternalLink } from '../db/entities/external-link.entity.ts'
import type { ModelCallRow } from '../db/entities/model-call.entity.ts'
import { findForgotten } from '../db/forgotten.ts'
import { toCandidate } from '../enrich/stored-candidates.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album } from '../events.ts'
import type { ModelCall } from '../model/model.ts'
import { REQUEST_ID } from '../retry/retry-headers.ts'
import type { LetterSummary } from './dead-letters.ts'
import { findModelCalls } from './find-model-calls.ts'
import type { WaitingRecord } from './find-waiting.ts'
import { stageOf } from './read-progress.ts'

export interface Story {
  /** null while only a record waits that cannot be read, or a dead letter. */
  album: Album | null
  requests: {
    requestId: string
    /** More than 1 after offsets were moved. */
    run: number
    reason: string
    marketplace: string
    requestedAt: string
    attempts: number
    decision: string | null
    outcome: string | null
    durationMs: number | null
    startedAt: string
    /** The stage that it is in, while it is in the air. */
    stage: string | null
    failures: FailedAttempt[]
  }[]
  /** Records that are not finished and of which no request above tells; null when Kafka does not tell. */
  waiting: WaitingRecord[] | null
  /** Unhandled dead letters, oldest first; null when Kafka does not tell. */
  deadLetters: LetterSummary[] | null
  candidates: (Candidate & { marketplace: string })[]
  links: {
    marketplace: string
    asin: string
    url: string
    priceMinor: number | null
    currency: string | null
    withdrawnAt: string | null
  }[]
  /** Of the marketplace that was asked last. */
  artwork: Artwork | null
  /** By marketplace. */
  artworks: Artwork[]
  /** The last calls of the model about it, newest first. */
  modelCalls: ModelCallTold[]
}

/** `at` is ISO. */
type ModelCallTold = Omit<ModelCall, 'albumId' | 'at' | 'spentTokens'> & {
  at: string
  marketplace: string
  requestId: string
}

const LAST_MODEL_CALLS = 5

interface Artwork {
  marketplace: string
  status: string
  url: string | null
  key: string | null
  errorCode: string | null
}

/**
 * All that is known of an album: what is stored, newest request first, and what waits for it in Kafka.
 *
 * @param id an album's id, or the id of one of its requests
 * @param look tells what waits under an id, and its dead letters; null when it cannot be told
 * @throws EnrichmentError RECORD_INVALID when nothing is known under the id; DATABASE_UNAVAILABLE
 */
export async function readStory(
  db: Database,
  id: string,
  look: (id: string) => Promise<{ waiting: WaitingRecord[]; letters: LetterSummary[] } | null>,
): Promise<Story> {
  const request = REQUEST_ID.test(id) ? await db.query((em) => em.findOne(Enrichment, { requestId: id })) : null
  const found = await look(request?.albumId ?? id)
  const foundId = found?.waiting.find(({ album }) => album !== null)?.album?.albumId ?? found?.letters[0]?.albumId
  const albumId = request?.albumId ?? foundId ?? id
  // Whatever was asked for in 1970 is from before, if it ever was forgotten.
  const ever = { album: { albumId }, requestedAt: 0, source: null, record: null }
  const asked = (found?.waiting ?? []).flatMap((record) => {
    const { requestedAt, source } = record
    return requestedAt === null ? [] : [{ album: { albumId }, requestedAt, source, record }]
  })
  const failed = (found?.letters ?? []).flatMap((record) => {
    const requestedAt = Date.parse(record.firstFailedAt)
    return Number.isNaN(requestedAt) ? [] : [{ album: { albumId }, requestedAt, source: null, record }]
  })
  const forgotten = await findForgotten(db, [ever, ...asked, ...failed])
  // What was requested before is passed over when its turn comes, and not sent again.
  const passedOver = new Set<unknown>([...forgotten].map(({ record }) => record))
  const waiting = found?.waiting.filter((record) => !passedOver.has(record)) ?? null
  const letters = found?.letters.filter((record) => !passedOver.has(record)) ?? null
  const modelCalls = await findModelCalls(db, albumId, LAST_MODEL_CALLS)
  return db.query(async (em) => {
    const row = await em.findOne(AlbumRow, { albumId })
    if (row === null && (waiting ?? []).length + (letters ?? []).length === 0) {
      const where = waiting === null ? 'stored of' : 'stored of, or waits for,'
      const why = forgotten.has(ever)
        ? 'it was forgotten'
        : 'it was never imported or requested, or was given up before anything was stored (see `dead list`)'
      const message = `nothing is ${where} album or request ${id}: ${why}`
      throw new EnrichmentError('RECORD_INVALID', message)
    }
    const requests = await em.find(
      Enrichment,
      { albumId },
      { orderBy: { requestedAt: 'desc', startedAt: 'desc' }, limit: 20 },
    )
    const candidates = await em.find(CandidateRow, { albumId }, { orderBy: { marketplace: 'asc', judgedAt: 'desc' } })
    const links = await em.find(ExternalLink, { albumId }, { orderBy: { marketplace: 'asc' } })
    const artworks = (await em.find(ArtworkRow, { albumId }, { orderBy: { marketplace: 'asc' } })).map(toArtwork)
    const isTold = ({ topic, offset }: WaitingRecord) =>
      requests.some(({ sourceTopic, sourceOffset }) => sourceTopic === topic && String(sourceOffset) === offset)
    return {
      album: row?.facts ?? waiting?.find(({ album }) => album !== null)?.album ?? null,
      requests: requests.map(toRequest),
      waiting: waiting?.filter((record) => !isTold(record)) ?? null,
      deadLetters: letters,
      candidates: candidates.map((found) => ({ ...toCandidate(found), marketplace: found.marketplace })),
      links: links.map(({ marketplace, asin, url, priceMinor, currency, withdrawnAt }) => ({
        marketplace,
        asin,
        url,
        priceMinor: priceMinor ?? null,
        currency: currency ?? null,
        withdrawnAt: withdrawnAt?.toISOString() ?? null,
      })),
      artwork: artworks.find(({ marketplace }) => marketplace === requests[0]?.marketplace) ?? artworks[0] ?? null,
      artworks,
      modelCalls: modelCalls.map(toModelCall),
    }
  })
}

function toModelCall({ id: _id, albumId: _albumId, at, cost, ...rest }: ModelCallRow): ModelCallTold {
  return { at: at.toISOString(), cost: cost ?? null, ...rest }
}

function toArtwork({ marketplace, status, url, key, errorCode }: ArtworkRow): Artwork {
  return { marketplace, status, url: url ?? null, key: key ?? null, errorCode: errorCode ?? null }
}

function toRequest(row: Enrichment): Story['requests'][number] {
  const { requestId, run, reason, marketplace, requestedAt, startedAt, decidedAt, decision, outcome, failures } = row
  return {
    requestId,
    run,
    reason,
    marketplace,
    requestedAt: requestedAt.toISOString(),
    attempts: failures.length + (decision === 'result' ? 1 : 0),
    decision: decision ?? null,
    outcome: outcome ?? null,
    durationMs: decidedAt ? decidedAt.getTime() - startedAt.getTime() : null,
    startedAt: startedAt.toISOString(),
    stage: decidedAt ? null : stageOf(row),
    failures,
  }
}
