import type { Database } from './database.ts'
import type { LaneRow } from './entities/lane.entity.ts'
import type { HoldRecord } from './hold-record.ts'
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

/** A row as SQL answers it. */
export type LaneAnswer = Omit<StoredLane, 'changedAt' | 'offsets'> & { changedMs: number; offsets: LaneRow['offsets'] }

export const LANE_COLUMNS = `state, (extract(epoch from changed_at) * 1000)::float8 as "changedMs", changed_by as "changedBy",
      cluster_id as "clusterId", flush::float8 as flush, offsets, holds, accepted`

/** Each running process asks it every second, also when there is nothing to do. */
const FIND_LANE: Statement<LaneAnswer> = {
  name: 'select lane',
  text: `
    select ${LANE_COLUMNS}
    from lane where name = $1`,
}

/**
 * @param name the consumer group; one that nobody ever paused is running
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLane(db: Database, name: string): Promise<StoredLane> {
  const [row] = await db.run(FIND_LANE, [name])
  return row === undefined ? NEVER_RUN : toStoredLane(row)
}

export function toStoredLane({ offsets, changedMs, ...row }: LaneAnswer): StoredLane {
  const bigints = Object.entries(offsets).map(([topic, offset]) => [topic, BigInt(offset)])
  return { ...row, changedAt: new Date(changedMs), offsets: Object.fromEntries(bigints) }
}

/** When a person last said resume, in milliseconds since 1970; 0 when nobody has, or the lane is paused. */
export function resumedAt({ state, changedAt, changedBy }: StoredLane): number {
  return state === 'paused' || changedBy === NOBODY ? 0 : (changedAt?.getTime() ?? 0)
}

/** In the order in which all take rows of several lanes: else they would wait for each other's. */
const LOCK_LANES: Statement = {
  name: 'select lanes for update',
  text: 'select from lane where name in (select json_array_elements_text($1::json)) order by name for update',
}
/** Whoever paused it first is whom to ask. */
const SET_STATE: Statement = {
  name: 'insert into lane with state',
  text: `
    insert into lane (name, state, changed_at, changed_by) values ($1, $2, clock_timestamp(), $3)
    on conflict (name) do update
    set state = excluded.state, changed_at = excluded.changed_at, changed_by = excluded.changed_by
    where excluded.state = 'running' or lane.state <> 'paused'`,
}
/** What was accepted before stays so until the lane has started, or two causes would take turns for ever. */
const ACCEPT_HOLDS: Statement = {
  name: 'update lane set accepted',
  text: `
    update lane set accepted = (
      select coalesce(jsonb_agg(distinct cause), '[]')
      from (
        select hold -> 'cause' as cause from jsonb_array_elements(holds) hold
        union select earlier from jsonb_array_elements(accepted) earlier
      ) causes)
    where name = $1`,
}
const CLEAR_ACCEPTED: Statement = {
  name: 'update lane set accepted to none',
  text: `update lane set accepted = '[]' where name = $1`,
}
const STORE_SHARED_HOLDS: Statement = {
  name: 'insert into lane with holds',
  text: `
    insert into lane (name, state, changed_at, changed_by, holds)
    values ($1, 'running', clock_timestamp(), '${NOBODY}', $2::jsonb)
    on conflict (name) do update set holds = (
      select coalesce(jsonb_agg(other), '[]') from jsonb_array_elements(lane.holds) other
      where not $3::jsonb @> (other -> 'cause')) || excluded.holds`,
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
  await db.prepared(async (query) => {
    await query(LOCK_LANES, [JSON.stringify(names)])
    for (const name of names) {
      await query(SET_STATE, [name, state, changedBy])
      if (accept) await query(ACCEPT_HOLDS, [name])
    }
  })
}

/**
 * Nothing that was accepted before counts any more: of members that share the work none can tell when all have gone on.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function clearAccepted(db: Database, name: string): Promise<void> {
  await db.run(CLEAR_ACCEPTED, [name])
}

/**
 * Stores why a member holds its group, without a fence: for one whose members share the work. What the others hold it
 * for stays.
 *
 * @param former what this member is known to have stored
 */
export async function storeHolds(db: Database, name: string, holds: HoldRecord[], former: HoldRecord[]): Promise<void> {
  const causes = [...former, ...holds].map(({ cause }) => cause)
  await db.run(STORE_SHARED_HOLDS, [name, JSON.stringify(holds), JSON.stringify(causes)])
}
