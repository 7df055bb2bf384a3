import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkAvroBounds, type WalkedType } from '../../src/kafka/avro-bounds.ts'
import { avroType } from '../stack/avro-type.ts'

const imported = avroType(readFileSync(new URL('../../schemas/album.imported.avsc', import.meta.url), 'utf8'))
const artist = { name: 'a', musicbrainzArtistId: null }
const album = {
  albumId: '1',
  title: 't',
  artists: [artist],
  releaseYear: 1991,
  barcodes: ['1'],
  asins: { 'www.amazon.com': ['B000003TA4'] },
  musicbrainzReleaseGroupId: null,
  hasPrimaryImage: true,
  importedAt: Date.now(),
  source: 's',
}
const many = <T>(count: number, item: T) => Array<T>(count).fill(item)

/** Runs the walk and nothing else: what it lets pass is safe to decode. */
const walk = (type: WalkedType, bytes: Buffer) => () => checkAvroBounds(type, bytes)

test('what avsc writes passes, whatever of the schema it uses', () => {
  expect(walk(imported, imported.toBuffer(album))).not.toThrow()
  const everything = avroType(
    JSON.stringify({
      type: 'record',
      name: 'Everything',
      fields: [
        { name: 'fixed', type: { type: 'fixed', name: 'F', size: 3 } },
        { name: 'float', type: 'float' },
        { name: 'double', type: 'double' },
        { name: 'bytes', type: 'bytes' },
        { name: 'long', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'next', type: ['null', 'Everything'] },
      ],
    }),
  )
  const inner = { fixed: Buffer.from('abc'), float: 1, double: 2, bytes: Buffer.from('x'), long: 2 ** 52, next: null }
  expect(walk(everything, everything.toBuffer({ ...inner, long: -(2 ** 52), next: { ...inner } }))).not.toThrow()
})

test('a list that claims 2^30 items in 14 bytes is refused before anything is made of it', () => {
  const bytes = Buffer.from('023102748080808008', 'hex')
  expect(walk(imported, bytes)).toThrow('artists[] claims 1073741824 items, and 0 bytes remain')
})

test('too many items, values and levels are refused, with the field', () => {
  const tooMany = (changes: object) => walk(imported, imported.toBuffer({ ...album, ...changes }))
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) })
  expect(tooMany({ artists: many(3_000_000, artist) })).toThrow(
    refused(/^artists\[\]: it has at least 3000000 items, and 10000 are read/),
  )
  expect(tooMany({ asins: { a: many(95_000, 'B') } })).toThrow(refused(/^asins\{\}\[\]: it has at least 95000 items/))
  const lists = Object.fromEntries(many(9_000, '').map((_, index) => [index, many(30, '')]))
  expect(tooMany({ asins: lists })).toThrow(refused(/has more than 200000 values/))

  const nested = avroType(JSON.stringify({ type: 'record', name: 'N', fields: [{ name: 'n', type: ['null', 'N'] }] }))
  expect(walk(nested, Buffer.alloc(100_000, 2))).toThrow(refused(/deeper than 32/))
})

test('a block whose size is not what it has is refused: avsc would follow it backwards without end', () => {
  const list = avroType('{"type":"array","items":"int"}')
  // One item in a block of -2 bytes.
  expect(walk(list, Buffer.from([0x01, 0x03, 0x02, 0x00]))).toThrow('claims a block of -2 bytes')
  expect(walk(list, Buffer.from([0x01, 0x02, 0x02, 0x00]))).not.toThrow()
})

test.each([
  ['cut off', Buffer.from('0431', 'hex'), 'truncated'],
  ['a length below zero', Buffer.from('0131', 'hex'), '-1 bytes are claimed'],
  ['a number without end', Buffer.alloc(20, 0xff), 'more than 10 bytes'],
  ['more behind the record', Buffer.concat([imported.toBuffer(album), Buffer.from('x')]), '1 bytes follow the record'],
])('%s is refused', (_, bytes, message) => {
  expect(walk(imported, bytes)).toThrow(message)
})
