import type { Candidate } from '../album.ts'
import type { Enrichment } from '../enrich/enrich-album.ts'
import { formatMinorUnits, toMinorUnits } from '../enrich/price-minor.ts'
import type { Album } from '../events.ts'
import { formatTable, shorten } from './format-table.ts'

/** An album's story for people: what was found, every candidate with verdict and why, and what it came to. */
export function formatAlbumCard(album: Album, { outcome, candidates, counts }: Enrichment): string {
  const lines = [nameAlbum(album), '']
  if (candidates.length > 0) lines.push(formatCandidates(candidates), '')
  const best = candidates.find(({ verdict, product }) => verdict === 'accept' && product.image !== null)
  if (best?.product.image) {
    const { url, width, height } = best.product.image
    lines.push(`best image: ${url} (${width} x ${height}, ${best.product.asin})`)
  }
  lines.push(
    `outcome: ${outcome} (${counts.candidates} candidates: ${counts.accepted} accepted, ${counts.rejected} rejected, ${counts.open} open)`,
  )
  return lines.join('\n')
}

/** For people: "Miles Davis – Kind of Blue (1959)". */
export function nameAlbum({ artists, title, releaseYear }: Album): string {
  const year = releaseYear === null ? '' : ` (${releaseYear})`
  return `${artists.map(({ name }) => name).join(', ')} – ${title}${year}`
}

/** Every candidate with its verdict, who decided, the score's parts and the reason. */
export function formatCandidates(candidates: Candidate[]): string {
  const rows = candidates.map(({ product, verdict, decidedBy, score, parts, reason }) => [
    verdict,
    decidedBy,
    score === null ? '-' : score.toFixed(2),
    product.asin,
    product.price ? formatMinorUnits(toMinorUnits(product.price), product.price.currency) : '-',
    shorten(product.title, 48),
    shorten(product.contributors.map(({ name }) => name).join(', ') || '-', 24),
    [reason, ...parts.map(({ name, value }) => `${name} ${value.toFixed(2)}`)].join('; '),
  ])
  return formatTable(['verdict', 'by', 'score', 'asin', 'price', 'title', 'artist', 'reason; parts of the score'], rows)
}
