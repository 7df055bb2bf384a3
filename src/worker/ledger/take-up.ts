import { toAskedRow } from '../../db/forgotten.ts'
import type { Query } from '../../db/prepared.ts'
import type { Earlier } from '../../enrich/earlier.ts'
import type { EnrichmentRequested } from '../../events.ts'
import { type DeliveryVerdict, judgeDelivery, type LedgerRow } from './delivery-rule.ts'
import { isAbout, toFactsId } from './facts-id.ts'
import { type Delivered, type Job, type Opening, type StoredDecision, SUSPECT_DEATHS } from './job.ts'
import { readAnswers } from './read-answers.ts'
import {
  type FactsRow,
  FIND_REQUESTS,
  type FoundRow,
  INSERT_REQUESTS,
  MERGE_FACTS,
  type NewRow,
  type OpenedRow,
  REOPEN_REQUESTS,
  type ReopenedRow,
} from './statements.ts'

/** A delivery that is to be taken up. */
export interface TakingUp {
  request: EnrichmentRequested
  delivered: Delivered
  /** Milliseconds since 1970. */
  now: number
}

/**
 * Takes requests up: merges their facts into the albums' (newer ones win), judges what each delivery is, and stores the
 * rows of those that are to be worked on, with this process's mark: should the process die of one, the next one knows.
 * One that is suspected of that already is marked later, when it is alone.
 *
 * @param deliveries each of another album
 */
export async function takeUp(
  deliveries: readonly TakingUp[],
  query: Query,
  { marketplace, processId }: { marketplace: string; processId: string },
): Promise<Opening[]> {
  await query(MERGE_FACTS, [toJson(deliveries.map(({ request }) => toFactsRow(request)))])
  const wanted = deliveries.map(({ request }) => ({ request_id: request.requestId, ...toAskedRow(request) }))
  const rows = await query(FIND_REQUESTS, [toJson(wanted), marketplace])
  const found = new Map(rows.map((row) => [row.request_id, row]))

  const created: NewRow[] = []
  const reopened: ReopenedRow[] = []
  const openings = deliveries.map((delivery): Opening => {
    const row = found.get(delivery.request.requestId.toLowerCase())
    if (row === undefined) throw new RangeError(`request ${delivery.request.requestId} was not read`)
    if (row.is_forgotten) return { kind: 'forgotten' }
    const former = row.run === null ? null : toLedgerRow({ ...row, run: row.run })
    const verdict = judgeDelivery(former, delivery.delivered)
    if (verdict.kind === 'publish') return { kind: 'publish', decision: verdict.decision }
    if (verdict.kind === 'stale') return verdict
    const opened = open(delivery, row, verdict, former, { marketplace, processId })
    if (former === null) created.push({ ...opened.row, ...toNewColumns(delivery) })
    else reopened.push(opened.row)
    return { kind: 'work', job: opened.job }
  })
  if (created.length > 0) await query(INSERT_REQUESTS, [toJson(created), marketplace])
  if (reopened.length > 0) await query(REOPEN_REQUESTS, [toJson(reopened)])
  return openings
}

function open(
  { request: { requestId }, delivered, now }: TakingUp,
  row: FoundRow,
  { row: { run, attempt, source, reached }, dropsAnswers }: DeliveryVerdict<StoredDecision> & { kind: 'work' },
  former: LedgerRow<StoredDecision> | null,
  { marketplace, processId }: { marketplace: string; processId: string },
): { row: ReopenedRow; job: Job } {
  const { facts: album } = row
  const isKnown = former !== null && !dropsAnswers
  const begunBy = isKnown ? row.begun_by : []
  const deaths = begunBy.filter((id) => id !== processId).length
  // A suspect is marked once it is alone.
  const isMarkedNow = deaths < SUSPECT_DEATHS && !begunBy.includes(processId)
  const isSameDelivery = isKnown && attempt === former.attempt
  const failures = isKnown ? row.failures : []
  // Before its first failure a request has no age that its waiting could be taken from.
  const isAgeless = failures.length === 0
  const waited =
    isAgeless || isSameDelivery || delivered.notBefore === null ? 0 : Math.max(0, now - delivered.notBefore)
  const waitedMs = (isKnown ? row.waited_ms : 0) + waited
  const keepsAnswers = isKnown && isAbout(row.facts_id, album, marketplace)
  const opened: OpenedRow = {
    ...{ request_id: requestId, run, attempt, topic: source.topic, source_offset: String(source.offset) },
    reached: Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, String(offset)])),
    begun_by: isMarkedNow ? [...begunBy, processId] : begunBy,
    waited_ms: waitedMs,
    facts_id: toFactsId(album, marketplace),
  }
  const job: Job = {
    requestId,
    claim: { run, attempt, source },
    album,
    startedAt: former === null ? now : row.started_ms,
    answers: keepsAnswers ? readAnswers(row.answers) : {},
    earlier: toEarlier(row),
    lastFinishedAt: row.last_ms ?? 0,
    failures,
    modelCalls: [],
    waitedMs,
    deaths,
  }
  return { row: { ...opened, drops_answers: !keepsAnswers, drops_failures: !isKnown }, job }
}

function toFactsRow(request: EnrichmentRequested): FactsRow {
  const { album } = request
  return { ...toAskedRow(request), facts: album, imported_at: new Date(album.importedAt).toISOString() }
}

function toNewColumns({ request: { reason, album, requestedAt }, now }: TakingUp) {
  const [requested_at, started_at] = [new Date(requestedAt).toISOString(), new Date(now).toISOString()]
  return { album_id: album.albumId, reason, requested_at, started_at }
}

/** The row as the delivery rule sees it. */
function toLedgerRow(row: FoundRow & { run: number }): LedgerRow<StoredDecision> {
  const { run, attempt, source_topic, source_offset, reached, again, failures } = row
  const { decision: kind, decision_headers, decision_bytes } = row
  const bytes = decision_bytes === null ? null : Buffer.from(decision_bytes, 'base64')
  const published = decision_headers ?? { topic: '', headers: {} }
  return {
    run,
    attempt,
    source: { topic: source_topic, offset: BigInt(source_offset) },
    reached: Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, BigInt(offset)])),
    again,
    decision: kind ? { kind, ...published, bytes, failures } : null,
  }
}

function toEarlier({ links, artwork, verdicts }: FoundRow): Earlier {
  return {
    links: links.map((link) => ({
      asin: link.asin,
      priceMinor: link.price_minor,
      currency: link.currency,
      condition: link.condition,
      availability: link.availability,
      pricedAt: link.priced_at === null ? null : Date.parse(link.priced_at),
      salesRank: link.sales_rank,
      isWithdrawn: link.withdrawn_at !== null,
      requestId: link.request_id,
    })),
    artwork: artwork && toArtworkRecord(artwork),
    verdicts: verdicts.map(({ asin, verdict, decided_by: by, decided_at }) => ({
      asin,
      verdict,
      by,
      at: Date.parse(decided_at),
    })),
  }
}

function toArtworkRecord(row: NonNullable<FoundRow['artwork']>): Earlier['artwork'] {
  const { status, asin, url, key, width, height, bytes, error_code: errorCode, error_message: errorMessage } = row
  return { status, asin, url, key, width, height, bytes, errorCode, errorMessage }
}

const toJson = (rows: object[]) => JSON.stringify(rows)
