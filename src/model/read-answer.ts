import { z } from 'zod'
import type { Verdict } from '../album.ts'
import { EnrichmentError } from '../errors.ts'
import { cleanText } from './clean-text.ts'
import { findJson } from './find-json.ts'

/** What the model has to answer. Plain numbers: limits would go into the schema, and some hosts refuse them. */
export const ANSWER_SCHEMA = z.object({
  verdicts: z.array(
    z.object({ candidate: z.number(), verdict: z.enum(['accept', 'reject', 'open']), reason: z.string() }),
  ),
})

/** What is understood of hosts that do not hold the model to the schema. */
const verdicts = z.array(
  z.object({
    candidate: z.union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,3}$/)
        .transform(Number),
    ]),
    verdict: z
      .string()
      .transform((word) => word.trim().toLowerCase())
      .pipe(z.enum(['accept', 'reject', 'open'])),
    reason: z.string().nullish(),
  }),
)
const LENIENT = z.union([z.object({ verdicts }), verdicts.transform((verdicts) => ({ verdicts }))])

const MAX_REASON = 300
/** No answer to 30 candidates is so long. */
const MAX_ANSWER = 200_000

/**
 * Verdicts in the order of the numbers 1 to `count`. JSON is found in fences, between words and behind the model's
 * thinking.
 *
 * @throws EnrichmentError MODEL_BAD_ANSWER when it is not JSON in our shape, or misses, repeats or invents a number:
 *   then nothing in it can be trusted
 */
export function readAnswer(text: string, count: number): { verdict: Verdict; reason: string }[] {
  const given = findVerdicts(text.slice(0, MAX_ANSWER))
  const byNumber = new Map(given.map((verdict) => [verdict.candidate, verdict]))
  if (byNumber.size !== given.length) throw badAnswer('judges a candidate twice')
  const ordered = []
  for (let number = 1; number <= count; number++) {
    const found = byNumber.get(number)
    if (found === undefined) throw badAnswer(`says nothing of candidate ${number} of ${count}`)
    // People and PostgreSQL read it: it must hold neither NUL nor half a surrogate pair nor anything unseen.
    ordered.push({ verdict: found.verdict, reason: cleanText(found.reason ?? '', MAX_REASON) })
  }
  if (byNumber.size > count) throw badAnswer(`judges more than the ${count} candidates`)
  return ordered
}

function findVerdicts(text: string) {
  const { answer, thinking } = splitThinking(text)
  // Of a model that was not asked to keep them apart, or forgot to end its thinking.
  const found = answer.trim() === '' ? findJson(thinking) : findJson(answer)
  if (found.length === 0) throw badAnswer('is not JSON')
  const read = found.flatMap((json) => LENIENT.safeParse(json).data ?? [])
  const [first] = read
  if (first === undefined) throw badAnswer('is not in the shape asked for')
  const isOne = read.every((other) => JSON.stringify(other) === JSON.stringify(first))
  if (!isOne) throw badAnswer('holds several answers that differ')
  return first.verdicts
}

/** Of Qwen, DeepSeek and most; of Seed, with a name before it; of Magistral; of Kimi. */
const THINKING_BEGINS = /^\s*(?:<(?:\w{1,20}:)?(?:think|thinking|thought|reasoning)>|\[THINK\]|◁think▷)/i
/** The same, and where gpt-oss goes over to what is for the reader. */
const THINKING_ENDS =
  /<\/(?:\w{1,20}:)?(?:think|thinking|thought|reasoning)>|\[\/THINK\]|◁\/think▷|<\|channel\|>final[^<]{0,20}(?:<\|constrain\|>[^<]{0,20})?<\|message\|>/gi

/** Reasoning models put `<think>...</think>` before the answer; some hosts cut off the opening tag. */
function splitThinking(text: string): { answer: string; thinking: string } {
  const end = [...text.matchAll(THINKING_ENDS)].at(-1)
  if (end !== undefined) {
    const at = end.index + end[0].length
    return { answer: text.slice(at), thinking: text.slice(0, end.index) }
  }
  return THINKING_BEGINS.test(text) ? { answer: '', thinking: text } : { answer: text, thinking: '' }
}

function badAnswer(what: string): EnrichmentError {
  return new EnrichmentError('MODEL_BAD_ANSWER', `the model's answer ${what}`)
}
