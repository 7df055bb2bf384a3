import { describe, expect, it } from 'vitest'
import type { Product, Verdict } from '../../../src/album.ts'
import { matchAlbum } from '../../../src/enrich/match/match-album.ts'
import type { Model } from '../../../src/model/model.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const SITE = 'www.amazon.ca'
const album = sampleAlbum('Liquid Swords', ['GZA'], { asins: { [SITE]: ['B0KNOWN001'] } })
const sure = sampleProduct('Liquid Swords (2LP Vinyl)', 'GZA', { asin: 'B0SURE0001', binding: 'LP Record' })
const other = sampleProduct('Legend Of The Liquid Sword', 'GZA', { asin: 'B0OTHER001' })
const unclear = sampleProduct('Liquid Swords', undefined, { asin: 'B0UNCLEAR1' })
const known = sampleProduct('GZA (import)', undefined, { asin: 'B0KNOWN001' })

/** A model that always has the same opinion and keeps what it was asked. */
function createOpinion(verdict: Verdict) {
  const asked: Product[][] = []
  const model: Model = {
    identity: { name: 'stand-in', promptVersion: '1' },
    async judge(_album, products) {
      asked.push(products)
      return {
        verdicts: products.map(({ asin }) => ({ verdict, reason: `about ${asin}` })),
        use: { name: 'opinion', promptVersion: '1', inputTokens: 10, outputTokens: 5 },
      }
    },
  }
  return { model, asked }
}

const match = (products: Product[], model: Model | null, modelUse: 'open' | 'always' | 'never' = 'open') =>
  matchAlbum(album, products, {
    marketplace: SITE,
    model,
    modelUse,
    verdicts: [],
    signal: new AbortController().signal,
  })

describe('matchAlbum', () => {
  it('lets identifiers decide first, then the rules, then the model', async () => {
    const { model, asked } = createOpinion('accept')
    const { candidates, model: use } = await match([unclear, other, known, sure], model)
    expect(candidates.map(({ product, verdict, decidedBy }) => [product.asin, verdict, decidedBy])).toEqual([
      ['B0UNCLEAR1', 'accept', 'model'],
      ['B0OTHER001', 'reject', 'rules'],
      ['B0KNOWN001', 'accept', 'identifier'],
      ['B0SURE0001', 'accept', 'rules'],
    ])
    expect(asked).toEqual([[unclear]])
    expect(use?.name).toBe('opinion')
  })

  it("keeps the rules' score and parts beside the model's verdict", async () => {
    const { candidates } = await match([unclear], createOpinion('reject').model)
    expect(candidates[0]).toMatchObject({ verdict: 'reject', reason: 'about B0UNCLEAR1', score: 0.65 })
    expect(candidates[0]?.parts.length).toBeGreaterThan(0)
  })

  it('does not ask the model when nothing is open', async () => {
    const { model, asked } = createOpinion('accept')
    expect((await match([sure, other, known], model)).model).toBeNull()
    expect(asked).toEqual([])
  })

  it('asks about everything that no identifier decides when it is always asked', async () => {
    const { model, asked } = createOpinion('open')
    const { candidates } = await match([sure, other, known], model, 'always')
    expect(asked).toEqual([[sure, other]])
    expect(candidates.map(({ verdict }) => verdict)).toEqual(['open', 'open', 'accept'])
  })

  it.each(['never', 'nobody'] as const)('leaves open what is open when the model is asked %s', async (who) => {
    const { model, asked } = createOpinion('accept')
    const { candidates } = await match([unclear], who === 'nobody' ? null : model, who === 'never' ? 'never' : 'open')
    expect(candidates[0]).toMatchObject({ verdict: 'open', decidedBy: 'rules' })
    expect(asked).toEqual([])
  })

  it('asks once, about the thirty likeliest, and leaves the rest open', async () => {
    const { model, asked } = createOpinion('accept')
    const many = Array.from({ length: 40 }, (_, index) =>
      sampleProduct('Liquid Swords', undefined, {
        asin: `B0MANY00${index}`,
        binding: index >= 10 ? 'Audio CD' : null,
      }),
    )
    const { candidates } = await match(many, model)
    expect(asked.map(({ length }) => length)).toEqual([30])
    expect(asked[0]?.every(({ binding }) => binding === 'Audio CD')).toBe(true)
    expect(candidates.filter(({ verdict }) => verdict === 'open')).toHaveLength(10)
  })

  it('does not link a book because a list had its ASIN', async () => {
    const book = { ...known, title: 'The GZA Story', binding: 'Hardcover' }
    const { candidates } = await match([book], null)
    expect(candidates[0]).toMatchObject({ verdict: 'reject', decidedBy: 'rules' })
  })

  it.each([
    ['a book', { title: 'Liquid Swords', binding: 'Hardcover' }],
    ['an audiobook', { title: 'Liquid Swords', binding: 'Audio CD', productGroup: 'Book' }],
    ['a toaster', { title: 'Liquid Swords Toaster', binding: 'Kitchen' }],
    ['karaoke', { title: 'Liquid Swords (Karaoke)', binding: 'Audio CD' }],
    ['a shirt', { title: 'Liquid Swords T-Shirt' }],
  ])('never lets a model accept %s', async (_what, more) => {
    const { model, asked } = createOpinion('accept')
    const thing = { ...sure, asin: 'B0THING001', ...more }
    const { candidates } = await match([thing, other], model, 'always')
    expect(asked).toEqual([[other]])
    expect(candidates[0]).toMatchObject({ verdict: 'reject', decidedBy: 'rules' })
    expect(candidates[0]).not.toHaveProperty('isVetoed')
  })

  describe('when only an identifier speaks for a product', () => {
    const stray = sampleProduct('Whale Songs For Babies', 'Ocean Sounds', { asin: 'B0KNOWN001', binding: 'Audio CD' })

    it('leaves it open, and says why', async () => {
      const { candidates } = await match([stray], null)
      expect(candidates[0]).toMatchObject({ verdict: 'open', decidedBy: 'rules' })
      expect(candidates[0]?.reason).toBe(
        'its ASIN B0KNOWN001 is known to be this album, but neither title nor artist shares a word with it',
      )
    })

    it('does so for a barcode, too, and asks the model', async () => {
      const coded = sampleAlbum('Liquid Swords', ['GZA'], { barcodes: ['732287255100'] })
      const { model, asked } = createOpinion('reject')
      const product = { ...stray, asin: 'B0CODED001', barcodes: ['0732287255100'] }
      const { candidates } = await matchAlbum(coded, [product], {
        marketplace: SITE,
        model,
        modelUse: 'open',
        verdicts: [],
        signal: new AbortController().signal,
      })
      expect(asked).toEqual([[product]])
      expect(candidates[0]).toMatchObject({ verdict: 'reject', decidedBy: 'model' })
    })

    it('accepts it when the words are in another script, or it shares the artist', async () => {
      const japanese = sampleProduct('リキッド・ソーズ', 'ジザ', { asin: 'B0KNOWN001', binding: 'Audio CD' })
      const artist = sampleProduct('Some Import', 'GZA', { asin: 'B0KNOWN001', binding: 'Audio CD' })
      for (const product of [japanese, artist]) {
        const { candidates } = await match([product], null)
        expect(candidates[0]).toMatchObject({ verdict: 'accept', decidedBy: 'identifier' })
      }
    })

    it.each([
      ['the next volume', 'Liquid Swords 2', 'the titles are equal but for a number'],
      [
        'its songs without voices',
        'Liquid Swords (Instrumentals)',
        'it reads like a re-recording, remix, instrumental, demo or sessions record',
      ],
      ['karaoke', 'Liquid Swords (Karaoke)', 'it reads like a tribute or covers record'],
    ])('leaves it open when the rules know that it is %s', async (_what, title, why) => {
      const product = sampleProduct(title, 'GZA', { asin: 'B0KNOWN001', binding: 'Audio CD' })
      const { candidates } = await match([product], null)
      expect(candidates[0]).toMatchObject({
        ...{ verdict: 'open', decidedBy: 'rules' },
        reason: `its ASIN B0KNOWN001 is known to be this album, but ${why}`,
      })
    })
  })

  it('fails with the failure of the model', async () => {
    const failure = new Error('down')
    await expect(
      match([unclear], { identity: { name: 'stand-in', promptVersion: '1' }, judge: () => Promise.reject(failure) }),
    ).rejects.toBe(failure)
  })
})
