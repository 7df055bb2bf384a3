import { z } from 'zod'
import type { Verdict } from '../album.ts'
import { EnrichmentError } from '../errors.ts'

/** What the model has to answer. Plain numbers: limits would go into the schema, and some hosts refuse them. */
export const ANSWER_SCHEMA = z.object({
  verdicts: z.array(
    z.object({ candidate: z.number(), verdict: z.enum(['accept', 'reject', 'open']), reason: z.string() }),
  ),
})

const MAX_REASON = 300

/**
 * Verdicts in the order of the numbers 1 to `count`.
 *
 * @throws EnrichmentError MODEL_BAD_ANSWER when it is not JSON in our shape, or misses, repeats or invents a number:
 *   then nothing in it can be trusted
 */
export function readAnswer(text: string, count: number): { verdict: Verdict; reason: string }[] {
  const answer = ANSWER_SCHEMA.safeParse(parseJson(text))
  if (!answer.success) throw badAnswer('is not in the shape asked for', answer.error)
  const byNumber = new Map(answer.data.verdicts.map((verdict) => [verdict.candidate, verdict]))
  if (byNumber.size !== answer.data.verdicts.length) throw badAnswer('judges a candidate twice')
  const verdicts = []
  for (let number = 1; number <= count; number++) {
    const given = byNumber.get(number)
    if (given === undefined) throw badAnswer(`says nothing of candidate ${number} of ${count}`)
    // PostgreSQL can store neither a NUL nor half a surrogate pair.
    const reason = given.reason.replaceAll('\0', '').slice(0, MAX_REASON).toWellFormed()
    verdicts.push({ verdict: given.verdict, reason })
  }
  if (byNumber.size > count) throw badAnswer(`judges more than the ${count} candidates`)
  return verdicts
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badAnswer('is not JSON', error)
  }
}

function badAnswer(what: string, cause?: unknown): EnrichmentError {
  return new EnrichmentError('MODEL_BAD_ANSWER', `the model's answer ${what}`, { cause })
}
