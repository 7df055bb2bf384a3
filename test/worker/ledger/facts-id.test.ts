import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Album } from '../../../src/events.ts'
import { isAbout, toFactsId } from '../../../src/worker/ledger/facts-id.ts'
import { sampleAlbum } from '../../data/samples.ts'

const SITE = 'www.amazon.ca'
const idOf = (facts: Album) => toFactsId(facts, SITE)
const album = sampleAlbum('Nevermind', ['Nirvana'], { asins: { 'www.amazon.ca': ['B000000001'] } })

test('an album that is imported again, or from elsewhere, keeps its answers', () => {
  const again = { ...album, importedAt: 99, source: 'another importer', hasPrimaryImage: true }
  expect(idOf(again)).toBe(idOf(album))
})

test.each([
  ['an id of MusicBrainz', { artists: [{ name: 'Nirvana', musicbrainzArtistId: 'an id' }] }],
  ['an ASIN of another marketplace', { asins: { ...album.asins, 'www.amazon.de': ['B000000003'] } }],
  ['an ASIN in another spelling', { asins: { 'amazon.ca': [' b000000001'] } }],
])('%s, which nothing goes by, throws no paid answer away', (_what, change) => {
  expect(idOf({ ...album, ...change })).toBe(idOf(album))
})

test('other facts that a search, the rules or the model go by are asked for anew', () => {
  const others = [
    { title: 'Bleach' },
    { artists: [{ name: 'Hole', musicbrainzArtistId: null }] },
    { releaseYear: 1989 },
    { barcodes: ['0720642442524'] },
    { asins: { 'www.amazon.ca': ['B000000002'] } },
  ]
  for (const change of others) expect(isAbout(idOf(album), { ...album, ...change }, SITE)).toBe(false)
})

test('the order in which PostgreSQL keeps the fields changes nothing', () => {
  const turned = Object.fromEntries(Object.entries(album).toReversed()) as typeof album
  expect(idOf(turned)).toBe(idOf(album))
})

test('answers of a build that hashed all facts are still answers', () => {
  const former = createHash('sha256')
    .update(JSON.stringify(Object.entries(album).toSorted()))
    .digest('base64url')
  expect([isAbout(former, album, SITE), isAbout(former, { ...album, title: 'Bleach' }, SITE)]).toEqual([true, false])
})
