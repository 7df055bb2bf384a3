import { formatMinorUnits } from '../../src/enrich/price-minor.ts'
import type { AlbumEnriched } from '../../src/events.ts'
import { formatTable, shorten } from '../../src/ops/format-table.ts'
import { type DemoAlbum, findMismatches } from './demo-albums.ts'

interface Facts {
  albums: DemoAlbum[]
  results: AlbumEnriched[]
  /** Keys of the dead letters. */
  deadKeys: string[]
  amazonRequests: number | null
  early: number | null
  modelCalls: number | null
  peakRssMb: number
  firstEnrichedSeconds: number
  seconds: number
}

export function summarise(facts: Facts) {
  const { albums, results, deadKeys, ...figures } = facts
  const byAlbum = Map.groupBy(results, ({ albumId }) => albumId)
  const doubled = [...byAlbum]
    .filter(([, all]) => all.length > 1)
    .map(([albumId]) => `${albumId}: more than one result`)
  const mismatches = albums.flatMap((entry) => {
    const { albumId } = entry.album
    return findMismatches(entry, deadKeys.includes(albumId) ? 'dead_letter' : byAlbum.get(albumId)?.[0])
  })
  const outcomes: Record<string, number> = {}
  for (const { outcome } of results) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  return {
    albums: albums.length,
    enriched: results.length,
    deadLetters: deadKeys.length,
    outcomes,
    albumsWithLinks: results.filter(({ links }) => links.length > 0).length,
    mismatches: [...doubled, ...mismatches],
    images: results.filter(({ artwork }) => artwork.status === 'stored').length,
    ...figures,
    results: byAlbum,
  }
}

interface Report {
  summary: ReturnType<typeof summarise>
  albums: DemoAlbum[]
  json: boolean
  /** Whether the servers stay up after this. */
  stays: boolean
  env: Record<string, string>
  metricsPort: number
}

export function printReport({ summary, albums, json, stays, env, metricsPort }: Report): void {
  const { results, mismatches, ...figures } = summary
  const rows = albums.map(({ album }) => describe(album, results.get(album.albumId)?.[0]))
  const say = json ? (text: string) => process.stderr.write(`${text}\n`) : console.log
  say(`\n${formatTable(['album', 'outcome', 'links', 'best price', 'decided by', 'artwork'], rows)}\n`)
  say(
    `${figures.enriched} enriched, ${figures.deadLetters} dead-lettered in ${figures.seconds.toFixed(1)} s; ` +
      `${figures.amazonRequests ?? '?'} Amazon requests (${figures.early ?? '?'} early), ${figures.modelCalls ?? '?'} model calls`,
  )
  for (const mismatch of mismatches) say(`NOT AS EXPECTED: ${mismatch}`)
  if (stays) say(nextThings(env, metricsPort))
  if (json) console.log(JSON.stringify({ ...figures, mismatches: mismatches.length }))
}

function describe({ title, artists }: DemoAlbum['album'], result: AlbumEnriched | undefined): string[] {
  const name = shorten(`${artists.map(({ name }) => name).join(', ')} – ${title || '(no title)'}`, 52)
  if (result === undefined) return [name, 'dead letter']
  const { outcome, links, artwork } = result
  const cheapest = links
    .filter(({ priceMinor }) => priceMinor !== null)
    .sort((a, b) => (a.priceMinor ?? 0) - (b.priceMinor ?? 0))[0]
  const price =
    cheapest?.priceMinor != null && cheapest.currency ? formatMinorUnits(cheapest.priceMinor, cheapest.currency) : '-'
  const deciders = [...new Set(links.map(({ decidedBy }) => decidedBy))].join(', ') || '-'
  return [name, outcome, String(links.length), price, deciders, artwork.status]
}

function nextThings(env: Record<string, string>, metricsPort: number): string {
  const settings = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'AMAZON_URL', 'AMAZON_TOKEN_URL']
  return [
    '',
    'Everything stays up until Ctrl-C. Next:',
    `  1. look at the metrics:   curl http://127.0.0.1:${metricsPort}/metrics`,
    `  2. look at the links:     psql '${env.DATABASE_URL}' -c 'select album_id, asin, title, price_minor, currency from external_link'`,
    `  3. use your own servers:  copy .env.example to .env, fill it in, then npx album-enricher setup && npm start`,
    '',
    ...settings.map((name) => `${name}=${env[name]}`),
  ].join('\n')
}
