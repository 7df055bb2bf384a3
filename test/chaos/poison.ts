import type { IHeaders } from 'kafkajs'
import type { AlbumImported } from '../../src/events.ts'
import { chaosAlbum } from './albums.ts'

const KINDS: ((encode: (album: AlbumImported) => Promise<Buffer>) => Promise<{ value: Buffer; headers?: IHeaders }>)[] =
  [
    // A list that claims 2^30 artists in 14 bytes.
    async (encode) => {
      const good = await encode(chaosAlbum(0))
      const claim = Buffer.from('023102748080808008', 'hex')
      return { value: Buffer.concat([good.subarray(0, 5), claim]) }
    },
    async (encode) => ({
      value: await encode(chaosAlbum(0)),
      headers: Object.fromEntries(Array.from({ length: 8_000 }, (_, index) => [`${index}`, ''])),
    }),
    async () => ({ value: Buffer.from('no album at all') }),
    async (encode) => ({ value: await encode({ ...chaosAlbum(0), title: '' }) }),
    async (encode) => ({ value: await encode({ ...chaosAlbum(0), title: '('.repeat(100_000) }) }),
    async (encode) => ({
      value: await encode({ ...chaosAlbum(0), asins: { 'www.amazon.ca': Array(9_000).fill('B000003TA4') } }),
    }),
  ]

/** Number so and so of the records that no importer should send: each must end as one dead letter. */
export async function brewPoison(number: number, encode: (album: AlbumImported) => Promise<Buffer>) {
  const brew = KINDS[number % KINDS.length]
  if (brew === undefined) throw new Error('there is no poison')
  return { key: `poison-${number}`, ...(await brew(encode)) }
}
