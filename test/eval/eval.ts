import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Album, Product } from '../../src/album.ts'
import { scoreCandidate } from '../../src/enrich/match/score-candidate.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'

interface Pair {
  album: { title: string; artists: string[]; releaseYear?: number }
  product: {
    asin: string
    title: string
    artist?: string
    artists?: string[]
    binding?: string
    productGroup?: string
    releaseDate?: string
  }
  label: 'match' | 'no_match'
  round: number
}

interface Figures {
  pairs: number
  accepted: number
  rejected: number
  open: number
  /** Of the accepted ones, the share that is right; null when none was accepted. */
  precision: number | null
  /** Of the true matches, the share that was accepted. */
  recall: number | null
  f1: number | null
  /** Of the rejected ones, the share that is right. */
  rejectPrecision: number | null
  /** Share that the rules decided. */
  decided: number | null
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, wrong: { type: 'boolean', default: false } },
})
const file = positionals[0]
if (file === undefined) {
  console.error('Usage: npm run eval -- FILE.jsonl [--wrong] [--json]')
  process.exit(2)
}

const judged = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const pair = JSON.parse(line) as Pair
    return { ...pair, score: scoreCandidate(toAlbum(pair), toProduct(pair)) }
  })
type Judged = (typeof judged)[number]

const rounds = [...new Set(judged.map(({ round }) => round))].sort()
const figures = {
  all: measure(judged),
  rounds: Object.fromEntries(rounds.map((round) => [round, measure(judged.filter((pair) => pair.round === round))])),
}
if (values.wrong) for (const pair of judged) printWhenWrong(pair)
if (!values.json) console.table({ all: figures.all, ...figures.rounds })
else console.log(JSON.stringify(figures))

function measure(pairs: Judged[]): Figures {
  const count = (verdict: string, label?: string) =>
    pairs.filter((pair) => pair.score.verdict === verdict && (label === undefined || pair.label === label)).length
  const accepted = count('accept')
  const rejected = count('reject')
  const right = count('accept', 'match')
  const precision = share(right, accepted)
  const recall = share(right, pairs.filter(({ label }) => label === 'match').length)
  const f1 = precision === null || recall === null ? null : share(2 * precision * recall, precision + recall)
  return {
    pairs: pairs.length,
    accepted,
    rejected,
    open: count('open'),
    precision,
    recall,
    f1,
    rejectPrecision: share(count('reject', 'no_match'), rejected),
    decided: share(accepted + rejected, pairs.length),
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
}

function printWhenWrong({ album, product, label, score }: Judged): void {
  const right = label === 'match' ? 'accept' : 'reject'
  if (score.verdict === right) return
  const mark = score.verdict === 'open' ? 'open ' : 'WRONG'
  const parts = score.parts.map(({ name, value }) => `${name} ${value}`).join(', ')
  console.log(
    `${mark} ${label} ${score.score} | ${album.title} / ${album.artists.join(', ')} ${album.releaseYear ?? ''} || ` +
      `${product.title} / ${product.artist ?? '-'} ${product.binding ?? ''} ${product.releaseDate ?? ''} | ${parts}`,
  )
}

function toAlbum({ album }: Pair): Album {
  return sampleAlbum(album.title, album.artists, { releaseYear: album.releaseYear ?? null })
}

function toProduct({ product }: Pair): Product {
  const { title, artist, artists, asin, binding, productGroup, releaseDate } = product
  const names = artists ?? (artist === undefined ? [] : [artist])
  return sampleProduct(title, undefined, {
    asin,
    contributors: names.map((name) => ({ name, role: null, roleType: null })),
    binding: binding ?? null,
    productGroup: productGroup ?? null,
    releaseDate: releaseDate ?? null,
  })
}
