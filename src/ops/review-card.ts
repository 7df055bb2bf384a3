import { formatMinorUnits, toMinorUnits } from '../enrich/price-minor.ts'
import { nameAlbum } from './album-card.ts'
import { escapeLine } from './format-table.ts'
import type { DecisionTold, Review } from './review.ts'

const WORDS = { accept: 'accepted', reject: 'rejected' }
const INDENT = ' '.repeat(4)

/**
 * The album, and a block of lines for each candidate: what an editor decides by.
 *
 * @param own the marketplace of the settings at hand
 */
export function formatReview(review: Review, own: string): string {
  const { album, marketplace, candidates, verdicts } = review
  const { albumId, barcodes, releaseYear } = album
  const facts = [`album ${albumId}`, marketplace, ...(releaseYear ? [`of ${releaseYear}`] : []), ...barcodes]
  const known = new Set(candidates.map(({ product }) => product.asin))
  const unknown = verdicts
    .filter(({ asin }) => !known.has(asin))
    .map((given) => {
      const why = given.isAnswered ? `Amazon does not know this ASIN on ${marketplace}` : 'not applied yet'
      return [`${given.asin}: ${tellVerdict(given)}; ${why}`]
    })
  const blocks = candidates.map((candidate) => toBlock(candidate, review))
  const how = `review accept|reject ${albumId} NUMBER|ASIN ... decides; review add ${albumId} ASIN links another product`
  const what = marketplace === own ? how : `with the settings of the lane of ${marketplace}: ${how}`
  return [
    [nameAlbum(album), facts.join(', ')],
    ...(blocks.length === 0 ? [['no candidates']] : blocks),
    ...unknown,
    [what],
  ]
    .map((lines) => lines.map(escapeLine).join('\n'))
    .join('\n\n')
}

function toBlock(candidate: Review['candidates'][number], { marketplace, verdicts }: Review): string[] {
  const { number, product, verdict, decidedBy, score, parts, reason } = candidate
  const { asin, title, contributors, binding, edition, formats, releaseDate, price } = product
  const given = verdicts.find((one) => one.asin === asin)
  const isApplied = given === undefined ? decidedBy !== 'person' : decidedBy === 'person' && verdict === given.verdict
  const facts = [
    contributors.map(({ name }) => name).join(', '),
    ...[binding, edition, ...formats, releaseDate],
    price && formatMinorUnits(toMinorUnits(price), price.currency),
  ]
  const lines = [
    title,
    facts.filter((fact) => fact).join('; '),
    // Without the partner's tag, for which no click of our own may count.
    `https://${marketplace}/dp/${asin}`,
    reason,
    parts.map(({ name, value }) => `${name} ${value.toFixed(2)}`).join(', '),
    isApplied ? '' : `${given === undefined ? 'a verdict was taken back' : tellVerdict(given)}; not applied yet`,
  ]
  const judged = `${verdict} by ${decidedBy}${score === null ? '' : `, score ${score.toFixed(2)}`}`
  const head = `${String(number).padEnd(INDENT.length)}${asin} ${judged}`
  return [head, ...lines.filter((line) => line !== '').map((line) => INDENT + line)]
}

/** What was decided about a product, and what was before. */
export function formatDecision({ asin, number, verdict, title, artist, former }: DecisionTold): string {
  const what = [number, asin, title === null ? null : `"${title}"`, artist === null ? null : `by ${artist}`]
  const before = former === null ? '' : ` (was ${tellVerdict(former)})`
  const word = verdict === null ? 'taken back' : WORDS[verdict]
  return escapeLine(`${word}: ${what.filter((part) => part !== null).join(' ')}${before}`)
}

const tellVerdict = ({ verdict, by, at }: Pick<Review['verdicts'][number], 'verdict' | 'by' | 'at'>) =>
  `${WORDS[verdict]} by ${by} at ${at}`
