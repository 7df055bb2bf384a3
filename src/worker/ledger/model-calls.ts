import { randomUUID } from 'node:crypto'
import type { StoredModelCall } from '../../db/model-calls.ts'
import type { ModelCall } from '../../model/model.ts'
import { redact } from '../../redact.ts'
import type { Job } from './job.ts'

/** Of an answer, in characters: thirty verdicts with their reasons have about 4,000. */
const MAX_ANSWER = 6_000
/** An outage of hours is one call a probe: the last of them tell enough. */
const MOST_FREE_CALLS = 20

/** Notes a call for the job's next store. Of those that cost nothing only the last ones are kept. */
export function noteModelCall(job: Pick<Job, 'requestId' | 'album' | 'modelCalls'>, call: ModelCall): void {
  const { at, model, promptVersion, candidates, result, inputTokens, outputTokens, cost, latencyMs, answer } = call
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
    cost,
    latency_ms: Math.round(latencyMs),
    answer: redact(answer).slice(0, MAX_ANSWER),
  })
  const isFree = ({ input_tokens, output_tokens }: StoredModelCall) => input_tokens + output_tokens === 0
  if (job.modelCalls.filter(isFree).length > MOST_FREE_CALLS) job.modelCalls.splice(job.modelCalls.findIndex(isFree), 1)
}
