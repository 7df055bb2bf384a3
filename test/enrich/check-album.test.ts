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
  [{ title: '' }, /^title is ""/],
  [{ artists: [] }, /^artists is \[\]/],
  [{ artists: [...good.artists, { name: '', musicbrainzArtistId: null }] }, /^artists\[1\]\.name is ""/],
  [{ title: 'a\u0000b' }, /NUL character/],
])('%j is refused by field, value and remedy', (change, message) => {
  expect(() => checkAlbum({ ...good, ...change })).toThrow(
    expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) }),
  )
})
