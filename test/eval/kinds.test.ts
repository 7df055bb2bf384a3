import { describe, expect, it } from 'vitest'
import { scoreCandidate } from '../../src/enrich/match/score-candidate.ts'
import { type Pair, readPairs, toAlbum, toProduct } from './read-pairs.ts'

function tell({ album, product, expect: expected }: Pair): string {
  const artist =
    product.artists?.join(', ') ?? product.artist ?? product.contributors?.map(({ name }) => name).join(', ')
  return `${album.title} / ${album.artists.join(', ')} || ${product.title} / ${artist}: ${expected}`
}

/** Pairs from public reports, and our own of the same kinds: other numbers, casts, bands, shops; then those of catalogues in other languages. */
describe.each([
  'field-pairs.jsonl',
  'kind-pairs.jsonl',
  'catalogue-pairs.jsonl',
  'discography-pairs.jsonl',
  'editor-pairs.jsonl',
])('the rules on %s', (file) => {
  const pairs = readPairs(new URL(`../data/${file}`, import.meta.url).pathname)
  describe.each([...Map.groupBy(pairs, ({ kind }) => kind ?? '')])('%s', (_kind, group) => {
    it.each(group.map((pair): [string, Pair] => [tell(pair), pair]))('%s', (_name, pair) => {
      const { verdict, reason } = scoreCandidate(toAlbum(pair), toProduct(pair))
      expect(pair.expect?.split('|'), reason).toContain(verdict)
    })
  })
})
