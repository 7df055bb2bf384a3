import type { LeaseStore } from '../../db/lease-store.ts'
import type { Statement } from '../../db/prepared.ts'
import type { LanePosition } from '../lane-position.ts'
import { mustRunAgain } from './delivery-rule.ts'

const PAGE = 2_000

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

/** Of the rows that were ever driven from these topics: the table may be that of other lanes too, which have their own. */
const FIND_PAGE: Statement<RawRow> = {
  name: 'select enrichment page',
  text: `
    select request_id, run, attempt, source_topic, source_offset::text as source_offset, reached, again,
      decision is not null as is_decided
    from enrichment where request_id > $1::uuid and (source_topic = any($3::text[]) or reached ?| $3::text[])
    order by request_id limit $2`,
}
const MARK_AGAIN: Statement = {
  name: 'update enrichment set again',
  text: 'update enrichment set again = true where request_id in (select jsonb_array_elements_text($1::jsonb)::uuid)',
}

/**
 * Marks the requests that must run again, given where the lane goes on; all of them or none.
 *
 * @param token under which the lane is being taken
 * @returns how many
 * @throws EnrichmentError LANE_LOST, DATABASE_UNAVAILABLE
 */
export async function markAgain(store: LeaseStore, token: number, position: LanePosition): Promise<number> {
  if (position.formerCluster === null && !position.topics.some(({ isMoved }) => isMoved)) return 0
  const topics = position.topics.map(({ topic }) => topic)
  const ours = [...new Set([...topics, ...Object.keys(position.formerCluster ?? {})])]
  return store.save(token, async (query) => {
    let marked = 0
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const rows = await query(FIND_PAGE, [after, PAGE, ours])
      const again = rows.filter((row) => mustRunAgain(toRow(row), position)).map(({ request_id }) => request_id)
      if (again.length > 0) await query(MARK_AGAIN, [JSON.stringify(again)])
      marked += again.length
      const last = rows.at(-1)
      if (last === undefined) return marked
      after = last.request_id
    }
  })
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
