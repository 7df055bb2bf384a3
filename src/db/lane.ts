import type { Database } from './database.ts'
import type { HoldRecord, LaneRow } from './entities/lane.entity.ts'
import type { Statement } from './prepared.ts'

/** A lane as PostgreSQL remembers it. */
export interface StoredLane {
  state: LaneRow['state']
  changedAt: Date | null
  changedBy: string | null
  clusterId: string | null
  flush: number
  offsets: Record<string, bigint>
  holds: HoldRecord[]
  accepted: string[]
}

/** Who made a row that no person has changed yet. */
export const NOBODY = 'service'

const NEVER_RUN: StoredLane = {
  state: 'running',
  changedAt: null,
  changedBy: null,
  clusterId: null,
  flush: 0,
  offsets: {},
  holds: [],
  accepted: [],
}

/** Each running process asks it every second, also when there is nothing to do. */
const FIND_LANE: Statement<Omit<StoredLane, 'changedAt' | 'offsets'> & { changedMs: number; offsets: Offsets }> = {
  name: 'select lane',
  text: `
    select state, (extract(epoch from changed_at) * 1000)::float8 as "changedMs", changed_by as "changedBy",
      cluster_id as "clusterId", flush::float8 as flush, offsets, holds, accepted
    from lane where name = $1`,
}

type Offsets = LaneRow['offsets']

/**
 * @param name the consumer group; one that nobody ever paused is running
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLane(db: Database, name: string): Promise<StoredLane> {
  const [row] = await db.run(FIND_LANE, [name])
  if (row === undefined) return NEVER_RUN
  const { changedMs, offsets, ...rest } = row
  return { ...rest, changedAt: new Date(changedMs), offsets: toBigints(offsets) }
}

export function toStoredLane({ offsets, clusterId, ...row }: LaneRow): StoredLane {
  return { ...row, clusterId: clusterId ?? null, offsets: toBigints(offsets) }
}

function toBigints(offsets: Offsets): Record<string, bigint> {
  return Object.fromEntries(Object.entries(offsets).map(([topic, offset]) => [topic, BigInt(offset)]))
}

/** When a person last said resume, in milliseconds since 1970; 0 when nobody has, or the lane is paused. */
export function resumedAt({ state, changedAt, changedBy }: StoredLane): number {
  return state === 'paused' || changedBy === NOBODY ? 0 : (changedAt?.getTime() ?? 0)
}

/**
 * What a person wants of the lanes. A resume also accepts the causes for which they are held, if asked to.
 *
 * @param changedBy who, for the next person to ask
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function setLaneState(
  db: Database,
  names: string[],
  { state, accept, changedBy }: { state: LaneRow['state']; accept: boolean; changedBy: string },
): Promise<void> {
  await db.transaction(async (em) => {
    for (const name of names) {
      await em.execute(
        `insert into lane (name, state, changed_at, changed_by) values (?, ?, clock_timestamp(), ?)
         on conflict (name) do update
         set state = excluded.state, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
        [name, state, changedBy],
      )
      if (!accept) continue
      await em.execute(
        // What was accepted before stays so until the lane has started, or two causes would take turns for ever.
        `update lane set accepted = (
           select coalesce(jsonb_agg(distinct cause), '[]')
           from (
             select hold -> 'cause' as cause from jsonb_array_elements(holds) hold
             union select earlier from jsonb_array_elements(accepted) earlier
           ) causes)
         where name = ?`,
        [name],
      )
    }
  })
}

/**
 * Stores why a member holds its group, without a fence: for one whose members share the work. What the others hold it
 * for stays.
 *
 * @param former what this member is known to have stored
 */
export async function storeHolds(db: Database, name: string, holds: HoldRecord[], former: HoldRecord[]): Promise<void> {
  const causes = [...former, ...holds].map(({ cause }) => cause)
  await db.query((em) =>
    em.execute(
      `insert into lane (name, state, changed_at, changed_by, holds) values (?, 'running', clock_timestamp(), '${NOBODY}', ?::jsonb)
       on conflict (name) do update set holds = (
         select coalesce(jsonb_agg(other), '[]') from jsonb_array_elements(lane.holds) other
         where not ?::jsonb @> (other -> 'cause')) || excluded.holds`,
      [name, JSON.stringify(holds), JSON.stringify(causes)],
    ),
  )
}
