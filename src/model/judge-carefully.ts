import type { Product } from '../album.ts'
import { type EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import { metrics } from '../metrics.ts'
import { countThatFit, textsOfAlbum, textsOfProduct } from './build-prompt.ts'
import { looksLikeInstruction } from './looks-like-instruction.ts'
import type { Model, ModelVerdict } from './model.ts'
import { TooLargeError } from './to-model-error.ts'

/** A bad answer is mostly a whim of the model; one more try is worth its price, a third is not. */
const TRIES = 2
/** A question that was halved twice is no longer too large for its candidates' sake. */
const MOST_CALLS = 8
/** More are for a person: somebody is at work. */
const MOST_ALONE = 3

/** What is about this album alone: it ends open, whatever the model's host thinks of others. */
const OF_THE_ALBUM: readonly ErrorCode[] = [
  'MODEL_PROMPT_REFUSED',
  'MODEL_BAD_ANSWER',
  'MODEL_INVALID_REQUEST',
  'MODEL_TOKENS_SPENT',
]
/** The host or our account there. */
const OUTAGES: readonly ErrorCode[] = [
  'MODEL_UNAVAILABLE',
  'MODEL_ONLY_THROTTLES',
  'MODEL_QUOTA_SPENT',
  'MODEL_BAD_CREDENTIALS',
]

interface Options {
  /** What becomes of albums while the host is away: `hold` throws, for the lane to wait; `review` leaves them open. */
  outage: 'hold' | 'review'
  /** Told when candidates were left open because the model was not heard. */
  onUnheard?: (unheard: { albumId: string; code: string; candidates: number; reason: string }) => void
}

/** Why the model was not heard: an error's code, or the sign of an instruction. */
interface Unheard {
  code: ErrorCode | 'instruction' | 'too many calls' | 'too long'
  reason: string
}

/**
 * The model, asked so that one album's trouble stays that album's: a refused prompt, a second bad answer, or a text that
 * talks to the model leaves candidates as the rules left them, with the reason said; a question that is too large is
 * halved. It makes as many calls of the model behind it as that takes, mostly one.
 *
 * Its `judge` throws what is wrong with the host or the account, unless outages go to review.
 */
export function judgeCarefully(model: Model, { outage, onUnheard }: Options): Model {
  return {
    identity: model.identity,
    async judge(album, products, signal) {
      const use = { ...model.identity, inputTokens: 0, outputTokens: 0 }
      const verdicts = new Map<Product, ModelVerdict>()
      let calls = 0
      const leaveOpen = (group: Product[], { code, reason }: Unheard) => {
        for (const product of group) verdicts.set(product, { verdict: null, reason })
        metrics.modelUnheard.inc({ reason: code }, group.length)
        onUnheard?.({ albumId: album.albumId, code, candidates: group.length, reason })
      }
      const ask = async (group: Product[]): Promise<void> => {
        for (let tries = 1; ; tries++) {
          if (calls === MOST_CALLS) return leaveOpen(group, TOO_MANY_CALLS)
          calls += 1
          try {
            const answer = await model.judge(album, group, signal)
            use.inputTokens += answer.use.inputTokens
            use.outputTokens += answer.use.outputTokens
            for (const [index, product] of group.entries())
              verdicts.set(product, answer.verdicts[index] ?? { verdict: null, reason: 'the model said nothing of it' })
            return
          } catch (thrown) {
            signal.throwIfAborted()
            const error = toEnrichmentError(thrown)
            const isOfHost = OUTAGES.includes(error.code) && outage === 'review'
            if (!isOfHost && !OF_THE_ALBUM.includes(error.code)) throw thrown
            if (error instanceof TooLargeError && group.length > 1) {
              const half = Math.ceil(group.length / 2)
              return await all([ask(group.slice(0, half)), ask(group.slice(half))])
            }
            if (tries === TRIES || isFinal(error)) return leaveOpen(group, notHeard(error))
          }
        }
      }
      // Its yes would not count, and a text that makes the model fail would keep the album from its end: where the host
      // answers the other question it is left open.
      const askAlone = async (product: Product, other: Promise<void> | undefined): Promise<void> => {
        try {
          await ask([product])
        } catch (thrown) {
          signal.throwIfAborted()
          const error = toEnrichmentError(thrown)
          if (other === undefined || error.code !== 'MODEL_UNAVAILABLE') throw thrown
          await other
          leaveOpen([product], notHeard(error))
        }
      }

      if (looksLikeInstruction(textsOfAlbum(album))) {
        leaveOpen(products, ALBUM_TALKS)
        return { verdicts: products.map((product) => verdictOf(verdicts, product)), use }
      }
      const talking = products.filter((product) => looksLikeInstruction(textsOfProduct(product)))
      const plain = products.filter((product) => !talking.includes(product))
      const fitting = plain.slice(0, countThatFit(album, plain))
      const alone = talking.slice(0, MOST_ALONE)
      const main = fitting.length > 0 ? ask(fitting) : undefined
      await all([main, ...alone.map((product) => askAlone(product, main))])
      for (const product of alone) distrust(verdicts, product)
      if (fitting.length < plain.length) leaveOpen(plain.slice(fitting.length), TOO_LONG)
      if (talking.length > MOST_ALONE) leaveOpen(talking.slice(MOST_ALONE), PRODUCT_TALKS)
      return { verdicts: products.map((product) => verdictOf(verdicts, product)), use }
    },
  }
}

/**
 * Questions are asked at once, since the album's clock runs. When one fails the others are waited for: their answers are paid
 * for, and kept.
 */
async function all(asked: (Promise<void> | undefined)[]): Promise<void> {
  for (const one of await Promise.allSettled(asked)) if (one.status === 'rejected') throw one.reason
}

/** Of a text that talks to the model only a no is believed. */
function distrust(verdicts: Map<Product, ModelVerdict>, product: Product): void {
  const { verdict, reason } = verdictOf(verdicts, product)
  if (verdict !== 'accept') return
  metrics.modelUnheard.inc({ reason: PRODUCT_TALKS.code })
  verdicts.set(product, { verdict: null, reason: `${PRODUCT_TALKS.reason}; it said: ${reason}` })
}

const verdictOf = (verdicts: Map<Product, ModelVerdict>, product: Product): ModelVerdict =>
  verdicts.get(product) ?? { verdict: null, reason: 'the model was not asked' }

/** Trying again would say the same. */
const isFinal = (error: EnrichmentError) =>
  error instanceof TooLargeError || error.code === 'MODEL_TOKENS_SPENT' || OUTAGES.includes(error.code)

const notHeard = ({ code, message }: EnrichmentError): Unheard => ({
  code,
  reason: `the model was not heard (${code}): ${message}`.slice(0, 300).toWellFormed(),
})

const TOO_MANY_CALLS: Unheard = {
  code: 'too many calls',
  reason: `the model was not heard: it was asked ${MOST_CALLS} times for this album`,
}
const TOO_LONG: Unheard = {
  code: 'too long',
  reason: 'the model was not asked: the texts of the likelier candidates filled the question',
}
const ALBUM_TALKS: Unheard = {
  code: 'instruction',
  reason: "the model was not asked: the album's own texts read like an instruction to it",
}
const PRODUCT_TALKS: Unheard = {
  code: 'instruction',
  reason: "the model's yes does not count: the product's texts read like an instruction to it",
}
