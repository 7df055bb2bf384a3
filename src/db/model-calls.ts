import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

/** A call as it is stored; times are ISO. */
export interface StoredModelCall {
  id: string
  at: string
  album_id: string
  request_id: string
  model: string
  prompt_version: string
  candidates: number
  result: string
  input_tokens: number
  output_tokens: number
  /** What it counts in its day; estimated where the host does not tell. */
  spent_tokens: number
  cost: number | null
  latency_ms: number
  answer: string
}

/**
 * Takes calls, the marketplace and the lane. A call is counted when its row is new: a store whose commit was not answered
 * is stored again.
 */
export const SAVE_MODEL_CALLS: Statement = {
  name: 'insert into model_call',
  text: `
    with v as (
      select * from json_to_recordset($1::json) as v(id uuid, at timestamptz, album_id text, request_id uuid, model text,
        prompt_version text, candidates int, result text, input_tokens int, output_tokens int, spent_tokens bigint,
        cost float8, latency_ms int, answer text)),
    added as (
      insert into model_call (id, at, album_id, marketplace, request_id, model, prompt_version, candidates, result,
        input_tokens, output_tokens, cost, latency_ms, answer)
      select id, at, album_id, $2, request_id, model, prompt_version, candidates, result,
        input_tokens, output_tokens, cost, latency_ms, answer
      from v
      on conflict (id) do nothing
      returning id)
    insert into model_day (lane, day, calls, tokens)
    select $3, to_char(at at time zone 'utc', 'YYYY-MM-DD') as day, count(*), sum(spent_tokens)
    from added join v using (id) group by 2
    on conflict (lane, day) do update
    set calls = model_day.calls + excluded.calls, tokens = model_day.tokens + excluded.tokens`,
}

const FIND_DAY: Statement<{ tokens: number }> = {
  name: 'select model_day',
  text: 'select tokens::float8 as tokens from model_day where lane = $1 and day = $2',
}

/**
 * Tokens that the stored calls of a lane have taken in a day (UTC).
 *
 * @param at milliseconds since 1970
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readTokensOfDay(db: Database, lane: string, at: number): Promise<number> {
  const [row] = await db.run(FIND_DAY, [lane, new Date(at).toISOString().slice(0, 10)])
  return row?.tokens ?? 0
}
