import type { LeaseStore } from '../../db/lease-store.ts'
import type { Statement } from '../../db/prepared.ts'
import type { LanePosition } from '../lane-position.ts'
import { mustRunAgain } from './delivery-rule.ts'

/** Rows that one statement looks at: it ends long before its time is up, however few of them run again. */
const ROWS_AT_ONCE = 5_000

interface RawRow {
  request_id: string
  run: number
  attempt: number
  source_topic: string
  source_offset: string
  reached: Record<string, string>
  again: boolean
  is_decided: boolean
}

/**
 * The next rows, of which those are told that may have to run again: few as a rule, and `mustRunAgain` has the last word. The
 * last row's id is told with each, and alone where there are none; nothing is once all have been looked at.
 */
const findPage = (
  name: string,
  mayRunAgain: string,
): Statement<{ last: string } & (RawRow | { request_id: null })> => ({
  name,
  text: `
    with page as (
      select request_id, run, attempt, source_topic, source_offset, reached, again, decision
      from enrichment where request_id > $1::uuid order by request_id limit ${ROWS_AT_ONCE}),
    found as (
      select request_id, run, attempt, source_topic, source_offset::text as source_offset, reached, again,
        decision is not null as is_decided
      from page where ${mayRunAgain})
    select l.last, f.*
    from (select request_id as last from page order by request_id desc limit 1) l left join found f on true`,
})
const FIND_REACHED = findPage(
  'select enrichment page reached',
  `exists (
     select from jsonb_to_recordset($2::jsonb) as moved(topic text, "from" bigint)
     where (reached ->> moved.topic)::bigint >= moved."from")`,
)
/** The table may be that of other lanes too, which have topics of their own. */
const FIND_OURS = findPage(
  'select enrichment page ours',
  'source_topic in (select jsonb_array_elements_text($2::jsonb))',
)
const MARK_AGAIN: Statement = {
  name: 'update enrichment set again',
  text: 'update enrichment set again = true where request_id in (select jsonb_array_elements_text($1::jsonb)::uuid)',
}

/**
 * Marks the requests that must run again, given where the lane goes on; a page a transaction, so that nobody waits for all of
 * them. What was marked by a start that did not come to its end is marked again by the next one, from the same offsets.
 *
 * @param token under which the lane is being taken
 * @returns how many
 * @throws EnrichmentError LANE_LOST, DATABASE_UNAVAILABLE
 */
export async function markAgain(store: LeaseStore, token: number, position: LanePosition): Promise<number> {
  const { topics, formerCluster } = position
  const moved = topics.filter(({ isMoved }) => isMoved).map(({ topic, from }) => ({ topic, from: String(from) }))
  if (formerCluster === null && moved.length === 0) return 0
  const ours = [...topics.map(({ topic }) => topic), ...Object.keys(formerCluster ?? {})]
  const [page, which] = formerCluster === null ? [FIND_REACHED, moved] : [FIND_OURS, ours]
  const markPage = (after: string) =>
    store.save(token, async (query) => {
      const rows = await query(page, [after, JSON.stringify(which)])
      const again = rows
        .filter((row) => row.request_id !== null)
        .filter((row) => mustRunAgain(toRow(row), position))
        .map(({ request_id }) => request_id)
      if (again.length > 0) await query(MARK_AGAIN, [JSON.stringify(again)])
      return { marked: again.length, last: rows[0]?.last }
    })
  let marked = 0
  let after: string | undefined = '00000000-0000-0000-0000-000000000000'
  while (after !== undefined) {
    const done: Awaited<ReturnType<typeof markPage>> = await markPage(after)
    marked += done.marked
    after = done.last
  }
  return marked
}

function toRow({ run, attempt, source_topic, source_offset, reached, again, is_decided }: RawRow) {
  return {
    run,
    attempt,
    source: { topic: source_topic, offset: BigInt(source_offset) },
    reached: Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, BigInt(offset)])),
    again,
    decision: is_decided ? {} : null,
  }
}
