import type { Album } from '../../album.ts'
import type { FailedAttempt } from '../../db/entities/enrichment.entity.ts'
import { ASKED_COLUMNS, type AskedRow, IS_OF_FORGOTTEN } from '../../db/forgotten.ts'
import type { Statement } from '../../db/prepared.ts'
import type { ArtworkRecord } from '../../enrich/earlier.ts'

/**
 * What is done for every album, as SQL: each statement takes the rows of a whole group as one JSON array, so that a group
 * costs one statement of a kind however many albums are in it. Their names are what a connection prepares them under.
 *
 * A claim is the part of a row that its job must find unchanged: whatever is not answered with its id was not written.
 */

/** A claim as the statements take it. */
export interface ClaimRow {
  request_id: string
  run: number
  attempt: number
  topic: string
  /** Decimal. */
  source_offset: string
}

const CLAIM_COLUMNS = 'request_id uuid, run int, attempt int, topic text, source_offset bigint'
const IS_CLAIMED = `e.request_id = v.request_id and e.run = v.run and e.attempt = v.attempt and e.source_topic = v.topic
  and e.source_offset = v.source_offset and e.decision is null and not e.again`

export interface FactsRow extends AskedRow {
  facts: Album
  imported_at: string
}

/**
 * Facts that are newer than those that are stored, unless the album was forgotten since they were asked about. In order, as
 * all who write albums of several lanes: two that have each other's next row would wait for ever.
 */
export const MERGE_FACTS: Statement = {
  name: 'insert into album',
  text: `
    insert into album (album_id, facts, imported_at, source_offset)
    select album_id, facts, imported_at, coalesce(source_offset, -1)
    from json_to_recordset($1::json) as v(facts jsonb, imported_at timestamptz, ${ASKED_COLUMNS})
    where not ${IS_OF_FORGOTTEN}
    order by album_id
    on conflict (album_id) do update
    set facts = excluded.facts, imported_at = excluded.imported_at, source_offset = excluded.source_offset
    where (album.imported_at, album.source_offset) < (excluded.imported_at, excluded.source_offset)`,
}

/** A link or an artwork as PostgreSQL writes it as JSON. */
export interface LinkJson {
  asin: string
  price_minor: number | null
  currency: string | null
  condition: string | null
  availability: string | null
  priced_at: string | null
  sales_rank: number | null
  withdrawn_at: string | null
  request_id: string
}

export interface ArtworkJson
  extends Pick<ArtworkRecord, 'status' | 'asin' | 'url' | 'key' | 'width' | 'height' | 'bytes'> {
  error_code: string | null
  error_message: string | null
}

/** What is stored of a request and its album; what begins with `run` is null where the request has no row. */
export interface FoundRow {
  request_id: string
  /** Whether its album was forgotten after it was made; else `facts` are there. */
  is_forgotten: boolean
  facts: Album
  links: LinkJson[]
  artwork: ArtworkJson | null
  verdicts: { asin: string; verdict: 'accept' | 'reject'; decided_by: string; decided_at: string }[]
  /** When the last result was decided; null when there is none. */
  last_ms: number | null
  run: number | null
  attempt: number
  source_topic: string
  source_offset: string
  reached: Record<string, string>
  again: boolean
  decision: 'result' | 'retry' | 'dead_letter' | null
  /** Base64. */
  decision_bytes: string | null
  decision_headers: { topic: string; headers: Record<string, string> } | null
  failures: FailedAttempt[]
  answers: Record<string, unknown>
  facts_id: string
  begun_by: string[]
  waited_ms: number
  started_ms: number
}

/** Takes rows (AskedRow) with `request_id`, and the marketplace. */
export const FIND_REQUESTS: Statement<FoundRow> = {
  name: 'select enrichment',
  text: `
    select v.request_id::text as request_id, a.facts,
      ${IS_OF_FORGOTTEN} as is_forgotten,
      (select coalesce(json_agg(json_build_object('asin', l.asin, 'price_minor', l.price_minor, 'currency', l.currency,
         'condition', l.condition, 'availability', l.availability, 'priced_at', l.priced_at, 'sales_rank', l.sales_rank,
         'withdrawn_at', l.withdrawn_at, 'request_id', l.request_id) order by l.asin), '[]')
       from external_link l where l.album_id = v.album_id and l.marketplace = $2) as links,
      (select to_json(w) from artwork w where w.album_id = v.album_id and w.marketplace = $2) as artwork,
      (select coalesce(json_agg(json_build_object('asin', p.asin, 'verdict', p.verdict, 'decided_by', p.decided_by,
         'decided_at', p.decided_at) order by p.asin), '[]')
       from person_verdict p where p.album_id = v.album_id and p.marketplace = $2) as verdicts,
      (select (extract(epoch from max(r.decided_at)) * 1000)::float8
       from enrichment r where r.album_id = v.album_id and r.marketplace = $2 and r.decision = 'result') as last_ms,
      e.run, e.attempt, e.source_topic, e.source_offset::text as source_offset, e.reached, e.again, e.decision,
      encode(e.decision_bytes, 'base64') as decision_bytes, e.decision_headers, e.failures, e.answers, e.facts_id, e.begun_by,
      e.waited_ms::float8 as waited_ms, extract(epoch from e.started_at)::float8 * 1000 as started_ms
    from json_to_recordset($1::json) as v(request_id uuid, ${ASKED_COLUMNS})
    left join album a on a.album_id = v.album_id
    left join enrichment e on e.request_id = v.request_id`,
}

export interface OpenedRow extends ClaimRow {
  reached: Record<string, string>
  begun_by: string[]
  waited_ms: number
  facts_id: string
}

export interface NewRow extends OpenedRow {
  album_id: string
  reason: string
  requested_at: string
  started_at: string
}

const OPENED_COLUMNS = `${CLAIM_COLUMNS}, reached jsonb, begun_by jsonb, waited_ms bigint, facts_id text`

/** Takes rows and the marketplace. */
export const INSERT_REQUESTS: Statement = {
  name: 'insert into enrichment',
  text: `
    insert into enrichment (request_id, album_id, marketplace, reason, run, attempt, source_topic, source_offset, reached,
      requested_at, started_at, begun_by, waited_ms, facts_id, answers, failures)
    select request_id, album_id, $2, reason, run, attempt, topic, source_offset, reached,
      requested_at, started_at, begun_by, waited_ms, facts_id, '{}', '[]'
    from json_to_recordset($1::json) as v(${OPENED_COLUMNS}, album_id text, reason text, requested_at timestamptz,
      started_at timestamptz)`,
}

export interface ReopenedRow extends OpenedRow {
  drops_answers: boolean
  drops_failures: boolean
}

export const REOPEN_REQUESTS: Statement = {
  name: 'update enrichment set run',
  text: `
    update enrichment e
    set run = v.run, attempt = v.attempt, source_topic = v.topic, source_offset = v.source_offset, reached = v.reached,
      again = false, begun_by = v.begun_by, waited_ms = v.waited_ms, facts_id = v.facts_id,
      answers = case when v.drops_answers then '{}' else e.answers end,
      failures = case when v.drops_failures then '[]' else e.failures end,
      decision = null, decision_bytes = null, decision_headers = null, decided_at = null, outcome = null
    from json_to_recordset($1::json) as v(${OPENED_COLUMNS}, drops_answers boolean, drops_failures boolean)
    where e.request_id = v.request_id`,
}

interface WrittenRow {
  request_id: string
}

/** What of a claimed row a store replaces; absent: left as it is. */
export interface ChangeRow extends ClaimRow {
  /** Added to those that are there, step by step. */
  answers?: Record<string, unknown>
  failures?: FailedAttempt[]
  /** A process that begins to work on it. */
  begun_by?: string
}

export const CHANGE_REQUESTS: Statement<WrittenRow> = {
  name: 'update enrichment set answers',
  text: `
    update enrichment e
    set answers = case when v.answers is null then e.answers else e.answers || v.answers end,
      failures = coalesce(v.failures, e.failures),
      begun_by = case when v.begun_by is null or e.begun_by @> v.begun_by then e.begun_by else e.begun_by || v.begun_by end
    from json_to_recordset($1::json) as v(${CLAIM_COLUMNS}, answers jsonb, failures jsonb, begun_by jsonb)
    where ${IS_CLAIMED}
    returning e.request_id::text as request_id`,
}

export interface DecidedRow extends ClaimRow {
  decision: 'result' | 'retry' | 'dead_letter'
  /** Base64. */
  bytes: string | null
  headers: { topic: string; headers: Record<string, string> }
  outcome: string | null
  decided_at: string
}

/** A request that is to be tried again keeps its answers; one that has ended needs none. */
export const DECIDE_REQUESTS: Statement<WrittenRow> = {
  name: 'update enrichment set decision',
  text: `
    update enrichment e
    set decision = v.decision, decision_bytes = decode(v.bytes, 'base64'), decision_headers = v.headers,
      outcome = v.outcome, decided_at = v.decided_at, begun_by = '[]',
      answers = case when v.decision = 'retry' then e.answers else '{}' end
    from json_to_recordset($1::json) as v(${CLAIM_COLUMNS}, decision text, bytes text, headers jsonb, outcome text,
      decided_at timestamptz)
    where ${IS_CLAIMED}
    returning e.request_id::text as request_id`,
}

/** Whose they are, and when. */
interface OwnerRow {
  album_id: string
  request_id: string
  at: string
}

export interface CandidatesRow extends OwnerRow {
  /** All that a search has brought: what it did not, and no person has decided about, is deleted. null: it was no search. */
  brought: string[] | null
  candidates: object[]
}

/**
 * Takes rows and the marketplace. A link hangs on no candidate that is deleted: what a search does not bring is withdrawn. A
 * verdict of the model that is only carried along is still of the model that gave it. What stays open has been so since it was.
 */
export const SAVE_CANDIDATES: Statement = {
  name: 'insert into candidate',
  text: `
    with v as (
      select * from json_to_recordset($1::json) as v(album_id text, request_id uuid, at timestamptz, brought jsonb,
        candidates json)),
    gone as (
      delete from candidate g using v
      where g.album_id = v.album_id and g.marketplace = $2 and not v.brought ? g.asin
        and not exists (select from person_verdict p
          where p.album_id = g.album_id and p.marketplace = g.marketplace and p.asin = g.asin))
    insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, score, parts, reason, model_name,
      prompt_version, request_id, judged_at, open_since)
    select v.album_id, $2, c.asin, c.product, c.verdict, c.decided_by, c.score, c.parts, c.reason, c.model_name,
      c.prompt_version, v.request_id, v.at, case when c.verdict = 'open' then v.at end
    from v
    cross join json_to_recordset(v.candidates) as c(asin text, product jsonb, verdict text, decided_by text, score float8,
      parts jsonb, reason text, model_name text, prompt_version text)
    on conflict (album_id, marketplace, asin) do update
    set product = excluded.product, verdict = excluded.verdict, decided_by = excluded.decided_by, score = excluded.score,
      parts = excluded.parts, reason = excluded.reason,
      model_name = case when excluded.decided_by = 'model' then coalesce(excluded.model_name, candidate.model_name) end,
      prompt_version = case when excluded.decided_by = 'model' then coalesce(excluded.prompt_version, candidate.prompt_version) end,
      request_id = excluded.request_id, judged_at = excluded.judged_at,
      open_since = case when excluded.verdict = 'open' and candidate.verdict = 'open'
        then coalesce(candidate.open_since, candidate.judged_at) else excluded.open_since end`,
}

export interface LinksRow extends OwnerRow {
  links: object[]
}

/** Takes rows and the marketplace. */
export const SAVE_LINKS: Statement = {
  name: 'insert into external_link',
  text: `
    insert into external_link (album_id, marketplace, asin, url, title, decided_by, score, reason, price_minor, currency,
      condition, availability, priced_at, sales_rank, request_id, updated_at)
    select v.album_id, $2, l.asin, l.url, l.title, l.decided_by, l.score, l.reason, l.price_minor, l.currency,
      l.condition, l.availability, l.priced_at, l.sales_rank, v.request_id, v.at
    from json_to_recordset($1::json) as v(album_id text, request_id uuid, at timestamptz, links json)
    cross join json_to_recordset(v.links) as l(asin text, url text, title text, decided_by text, score float8, reason text,
      price_minor bigint, currency text, condition text, availability text, priced_at timestamptz, sales_rank bigint)
    on conflict (album_id, marketplace, asin) do update
    set url = excluded.url, title = excluded.title, decided_by = excluded.decided_by, score = excluded.score,
      reason = excluded.reason, price_minor = excluded.price_minor, currency = excluded.currency,
      condition = excluded.condition, availability = excluded.availability, priced_at = excluded.priced_at,
      sales_rank = excluded.sales_rank, request_id = excluded.request_id, updated_at = excluded.updated_at,
      withdrawn_at = null`,
}

export interface WithdrawnRow extends OwnerRow {
  asins: string[]
}

/** Takes rows and the marketplace. */
export const WITHDRAW_LINKS: Statement = {
  name: 'update external_link',
  text: `
    update external_link l
    set withdrawn_at = coalesce(l.withdrawn_at, v.at), request_id = v.request_id
    from json_to_recordset($1::json) as v(album_id text, request_id uuid, at timestamptz, asins jsonb)
    where l.album_id = v.album_id and l.marketplace = $2 and v.asins ? l.asin`,
}

export interface ArtworkRow extends OwnerRow, ArtworkJson {}
