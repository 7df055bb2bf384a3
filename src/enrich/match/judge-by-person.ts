import type { Album, Candidate, Product } from '../../album.ts'
import type { PersonVerdict } from '../earlier.ts'
import { scoreCandidate } from './score-candidate.ts'

/** The verdict that a person gave; the rules' score stays beside it. null where nobody decided. */
export function judgeByPerson(album: Album, product: Product, verdicts: readonly PersonVerdict[]): Candidate | null {
  const given = verdicts.find(({ asin }) => asin === product.asin)
  if (given === undefined) return null
  const { score, parts } = scoreCandidate(album, product)
  const { verdict, by, at } = given
  const word = verdict === 'accept' ? 'accepted' : 'rejected'
  const reason = `${word} by ${by} on ${new Date(at).toISOString().slice(0, 10)}`
  return { product, verdict, decidedBy: 'person', score, parts, reason }
}
