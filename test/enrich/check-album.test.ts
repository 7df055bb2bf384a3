import { expect, test } from 'vitest'
import { checkAlbum } from '../../src/enrich/check-album.ts'

const good = {
  albumId: '1',
  title: 'Nevermind',
  artists: [{ name: 'Nirvana', musicbrainzArtistId: null }],
  releaseYear: 1991,
  barcodes: [],
  asins: {},
  musicbrainzReleaseGroupId: null,
  hasPrimaryImage: false,
  importedAt: 0,
  source: '',
}

test('a whole album passes unchanged', () => {
  expect(checkAlbum(good)).toEqual(good)
})

test('what shows nothing may stand in a title', () => {
  const album = { ...good, title: '\ufeffNever\u00admind' }
  expect(checkAlbum(album)).toEqual(album)
})

test('a year that no album can have come out in is unknown, and no reason to refuse it', () => {
  const next = new Date().getUTCFullYear() + 1
  const yearOf = (releaseYear: number | null) => checkAlbum({ ...good, releaseYear }).releaseYear
  expect([0, 59, -1, 1859, next + 1, 9999, 19590, null].map(yearOf)).toEqual(Array(8).fill(null))
  expect([1860, 1959, next].map(yearOf)).toEqual([1860, 1959, next])
})

const [artist = { name: 'Nirvana', musicbrainzArtistId: null }] = good.artists
const many = <T>(count: number, item: T) => Array<T>(count).fill(item)

test.each([
  [{ albumId: ' ' }, /^albumId is " "/],
  [{ albumId: 'é'.repeat(501) }, /^albumId is "é+: an id may have 1000 bytes, and this one has 1002/],
  [{ importedAt: 253_402_300_800_000 }, /^importedAt is 253402300800000: give the time in milliseconds/],
  [{ importedAt: -62_135_596_800_001 }, /^importedAt is -62135596800001/],
  [{ title: '' }, /^title is ""/],
  [{ title: '\u200b\ufeff \u2060\u00ad\u3164' }, /^title is "/],
  [{ artists: [{ name: '\u200b', musicbrainzArtistId: null }] }, /^artists\[0\]\.name is "\u200b": give the artist/],
  [{ artists: [] }, /^artists is \[\]/],
  [{ artists: [...good.artists, { name: '', musicbrainzArtistId: null }] }, /^artists\[1\]\.name is ""/],
  [{ title: 'a\u0000b' }, /^title is "a\\u0000b": take the NUL character out/],
  [{ albumId: 'a\u0000b' }, /^albumId is .*NUL character/],
  [{ title: '🎵('.repeat(50_000) }, /^title is "(🎵\(){99}🎵: it has 150000 characters, and 10000 are allowed/],
  [{ artists: many(3_000_000, artist) }, /^artists has 3000000 entries, and 1000 are allowed/],
  [{ artists: [{ name: 'x'.repeat(2_001), musicbrainzArtistId: null }] }, /^artists\[0\]\.name is .*2001 characters/],
  [{ barcodes: many(1_001, '1') }, /^barcodes has 1001 entries, and 1000 are allowed/],
  [{ barcodes: ['1'.repeat(1_001)] }, /^barcodes\[0\] is .*1001 characters, and 1000/],
  [{ asins: { a: many(60, 'B'), b: many(41, 'B') } }, /^asins, all .* has 101 entries, and 100 are allowed/],
  [{ asins: { a: ['B'.repeat(1_001)] } }, /^asins\.a\[0\] is /],
  [{ asins: Object.fromEntries(many(101, '').map((_, index) => [index, []])) }, /^asins has 101 entries, and 100/],
  [{ source: 'x'.repeat(100_000) }, /^source is .*100000 characters, and 1000/],
])('an album is refused by field, value and remedy (%#)', (change, message) => {
  expect(() => checkAlbum({ ...good, ...change })).toThrow(
    expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) }),
  )
})

test('a title that tells of NUL in letters is no fault', () => {
  const album = { ...good, title: 'The \\u0000 Sessions' }
  expect(checkAlbum(album)).toEqual(album)
})
