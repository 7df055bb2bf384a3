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

test.each([
  [{ albumId: ' ' }, /^albumId is " "/],
  [{ albumId: 'é'.repeat(501) }, /^albumId is "é+: an id may have 1000 bytes, and this one has 1002/],
  [{ importedAt: 253_402_300_800_000 }, /^importedAt is 253402300800000: give the time in milliseconds/],
  [{ importedAt: -62_135_596_800_001 }, /^importedAt is -62135596800001/],
  [{ title: '' }, /^title is ""/],
  [{ artists: [] }, /^artists is \[\]/],
  [{ artists: [...good.artists, { name: '', musicbrainzArtistId: null }] }, /^artists\[1\]\.name is ""/],
  [{ title: 'a\u0000b' }, /NUL character/],
])('%j is refused by field, value and remedy', (change, message) => {
  expect(() => checkAlbum({ ...good, ...change })).toThrow(
    expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) }),
  )
})
