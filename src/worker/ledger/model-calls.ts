import { randomUUID } from 'node:crypto'
import type { ModelCall } from '../../model/model.ts'
import { redact } from '../../redact.ts'
import type { Job } from './job.ts'

/** Of an answer, in characters: thirty verdicts with their reasons have about 4,000. */
const MAX_ANSWER = 6_000
/** An outage of hours is one call a probe: the last of them tell enough. */
const MOST_UNTOLD_CALLS = 20

/** Notes a call for the job's next store. Of those whose cost is not told only the last ones are kept. */
export function noteModelCall(job: Pick<Job, 'requestId' | 'album' | 'modelCalls'>, call: ModelCall): void {
  const { at, model, promptVersion, candidates, result, inputTokens, outputTokens, spentTokens } = call
  const { cost, latencyMs, answer } = call
  job.modelCalls.push({
    id: randomUUID(),
    at: new Date(at).toISOString(),
    album_id: job.album.albumId,
    request_id: job.requestId,
    model,
    prompt_version: promptVersion,
    candidates,
    result,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    spent_tokens: spentTokens,
    cost,
    latency_ms: Math.round(latencyMs),
    answer: redact(answer).slice(0, MAX_ANSWER),
  })
  const untold = job.modelCalls.filter(({ input_tokens, output_tokens }) => input_tokens + output_tokens === 0)
  const [first, second] = untold
  if (untold.length <= MOST_UNTOLD_CALLS || first === undefined || second === undefined) return
  job.modelCalls.splice(job.modelCalls.indexOf(first), 1)
  // The day's budget forgets none.
  second.spent_tokens += first.spent_tokens
}
