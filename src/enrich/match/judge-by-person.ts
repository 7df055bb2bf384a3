import type { Candidate, Product } from '../../album.ts'
import type { PersonVerdict } from '../earlier.ts'
import type { Score } from './score-candidate.ts'

/**
 * The verdict that a person gave; the rules' score stays beside it.
 *
 * @returns null where nobody decided
 */
export function judgeByPerson(
  product: Product,
  rules: (product: Product) => Pick<Score, 'score' | 'parts'>,
  verdicts: readonly PersonVerdict[],
): Candidate | null {
  const given = verdicts.find(({ asin }) => asin === product.asin)
  if (given === undefined) return null
  const { score, parts } = rules(product)
  const { verdict, by, at } = given
  const word = verdict === 'accept' ? 'accepted' : 'rejected'
  const reason = `${word} by ${by} on ${new Date(at).toISOString().slice(0, 10)}`
  return { product, verdict, decidedBy: 'person', score, parts, reason }
}

/** The reason of such a verdict for readers whom the person's name does not concern. */
export const withoutName = (reason: string): string =>
  reason.replace(/^(accepted|rejected) by .* on /s, '$1 by a person on ')
