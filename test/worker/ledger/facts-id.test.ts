import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { isAbout, toFactsId } from '../../../src/worker/ledger/facts-id.ts'
import { sampleAlbum } from '../../data/samples.ts'

const album = sampleAlbum('Nevermind', ['Nirvana'], { asins: { 'www.amazon.ca': ['B000000001'] } })

test('an album that is imported again, or from elsewhere, keeps its answers', () => {
  const again = { ...album, importedAt: 99, source: 'another importer', hasPrimaryImage: true }
  expect(toFactsId(again)).toBe(toFactsId(album))
})

test('other facts that a search, the rules or the model go by are asked for anew', () => {
  const others = [
    { title: 'Bleach' },
    { artists: [{ name: 'Hole', musicbrainzArtistId: null }] },
    { releaseYear: 1989 },
    { barcodes: ['0720642442524'] },
    { asins: { 'www.amazon.ca': ['B000000002'] } },
  ]
  for (const change of others) expect(isAbout(toFactsId(album), { ...album, ...change })).toBe(false)
})

test('the order in which PostgreSQL keeps the fields changes nothing', () => {
  const turned = Object.fromEntries(Object.entries(album).toReversed()) as typeof album
  expect(toFactsId(turned)).toBe(toFactsId(album))
})

test('answers of a build that hashed all facts are still answers', () => {
  const former = createHash('sha256')
    .update(JSON.stringify(Object.entries(album).toSorted()))
    .digest('base64url')
  expect([isAbout(former, album), isAbout(former, { ...album, title: 'Bleach' })]).toEqual([true, false])
})
