import { SAVE_MODEL_CALLS, type StoredModelCall } from '../../db/model-calls.ts'
import type { Query, Statement } from '../../db/prepared.ts'
import type { Effects } from './effects.ts'
import type { Opening } from './job.ts'
import { SAVE_ARTWORK } from './save-artwork.ts'
import {
  CHANGE_REQUESTS,
  type ChangeRow,
  DECIDE_REQUESTS,
  type DecidedRow,
  SAVE_CANDIDATES,
  SAVE_LINKS,
  WITHDRAW_LINKS,
} from './statements.ts'
import { type TakingUp, takeUp } from './take-up.ts'

/** What one album has to store. */
export type Store = { requestId: string; albumId: string } & (
  | { kind: 'open'; taking: TakingUp }
  | { kind: 'change'; row: ChangeRow; modelCalls: StoredModelCall[] }
  | { kind: 'decide'; row: DecidedRow; effects: Effects | null; modelCalls: StoredModelCall[] }
)

/** `lost`: the row is no longer the job's, and nothing of the store was written. */
export type Answer = Opening | 'done' | 'lost'

/**
 * Writes the stores of many albums, one statement of a kind, in the transaction at hand.
 *
 * @param stores at most one of a request and of an album
 * @returns the answer to each
 */
export async function writeGroup(
  stores: readonly Store[],
  query: Query,
  context: { marketplace: string; lane: string; processId: string },
): Promise<Answer[]> {
  const answers = new Map<Store, Answer>()
  const opens = stores.filter((store) => store.kind === 'open')
  const changes = stores.filter((store) => store.kind === 'change')
  const ends = stores.filter((store) => store.kind === 'decide')

  if (opens.length > 0) {
    const openings = await takeUp(
      opens.map(({ taking }) => taking),
      query,
      context,
    )
    for (const [index, store] of opens.entries()) answers.set(store, openings[index] ?? 'lost')
  }
  const claim = async (statement: Statement<{ request_id: string }>, claims: (Store & { row: object })[]) => {
    if (claims.length === 0) return
    const written = await query(statement, [toJson(claims.map(({ row }) => row))])
    const ids = new Set(written.map(({ request_id }) => request_id))
    for (const store of claims) answers.set(store, ids.has(store.requestId.toLowerCase()) ? 'done' : 'lost')
  }
  await claim(CHANGE_REQUESTS, changes)
  await claim(DECIDE_REQUESTS, ends)

  const calls = [...changes, ...ends]
    .filter((store) => answers.get(store) === 'done')
    .flatMap(({ modelCalls }) => modelCalls)
  if (calls.length > 0) await query(SAVE_MODEL_CALLS, [toJson(calls), context.marketplace, context.lane])

  const effects = ends.filter((store) => answers.get(store) === 'done').map((store) => store.effects)
  const save = async (statement: Statement, kind: keyof Effects) => {
    const rows = effects.map((one) => one?.[kind]).filter((row) => row != null)
    if (rows.length > 0) await query(statement, [toJson(rows), context.marketplace])
  }
  await save(SAVE_CANDIDATES, 'candidates')
  await save(SAVE_LINKS, 'links')
  await save(WITHDRAW_LINKS, 'withdrawn')
  await save(SAVE_ARTWORK, 'artwork')
  return stores.map((store) => answers.get(store) ?? 'lost')
}

const toJson = (rows: object[]) => JSON.stringify(rows)
