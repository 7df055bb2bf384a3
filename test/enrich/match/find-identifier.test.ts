import { describe, expect, it } from 'vitest'
import { findIdentifier, foldBarcode } from '../../../src/enrich/match/find-identifier.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const SITE = 'www.amazon.ca'

describe('foldBarcode', () => {
  it('takes the UPC-A, EAN-13 and GTIN-14 spellings of a code for the same', () => {
    const folded = foldBarcode('732287255100')
    expect(folded).not.toBeNull()
    expect(foldBarcode('0732287255100')).toBe(folded)
    expect(foldBarcode('00732287255100')).toBe(folded)
    expect(foldBarcode('7 32287-25510 0')).toBe(folded)
  })

  it('takes a code that lost its leading zeros on the way through a number', () => {
    expect(foldBarcode('74643811224')).toBe(foldBarcode('074643811224'))
  })

  it.each([
    'EAN 0732287255100',
    'ean: 0732287255100',
    'EAN-13: 0732287255100',
    'EAN13 0732287255100',
    'UPC 7 32287 25510 0',
    'UPC-A: 732287255100',
    'UPC-732287255100',
    'GTIN14:00732287255100',
    ' Barcode #732287255100',
  ])('reads the digits of %j', (text) => {
    expect(foldBarcode(text)).toBe('00732287255100')
  })

  it.each([
    'EAN 732287255101',
    'UPC',
    'cat. no. 732287255100',
    'EAN 13 732287255100',
    '732287255101',
    '000000000000',
    '12345',
    '',
    'B000002KD5',
    `${'0'.repeat(30)}732287255100`,
  ])('takes %j for no barcode', (text) => {
    expect(foldBarcode(text)).toBeNull()
  })

  it('keeps the code of a carton apart from that of its content', () => {
    expect(foldBarcode('10732287255107')).not.toBe(foldBarcode('732287255100'))
  })
})

describe('findIdentifier', () => {
  it('finds an ASIN known for this marketplace', () => {
    const album = sampleAlbum('Facelift', ['Alice In Chains'], { asins: { [SITE]: ['B00000272N'] } })
    expect(findIdentifier(album, sampleProduct('Facelift', undefined, { asin: 'B00000272N' }), SITE)).toContain('ASIN')
  })

  it.each(['WWW.AMAZON.CA', 'amazon.ca', ' www.amazon.ca '])('takes %j for this marketplace', (marketplace) => {
    const album = sampleAlbum('Facelift', ['Alice In Chains'], { asins: { [marketplace]: [' b00000272n'] } })
    expect(findIdentifier(album, sampleProduct('Facelift', undefined, { asin: 'B00000272N' }), SITE)).toContain('ASIN')
  })

  it('leaves aside an ASIN known for another marketplace', () => {
    const album = sampleAlbum('Facelift', ['Alice In Chains'], { asins: { 'www.amazon.com': ['B00000272N'] } })
    expect(findIdentifier(album, sampleProduct('Facelift', undefined, { asin: 'B00000272N' }), SITE)).toBeNull()
  })

  it('finds a barcode in another spelling', () => {
    const album = sampleAlbum('Black Celebration', ['Depeche Mode'], { barcodes: ['732287255100'] })
    const product = sampleProduct('Black Celebration', undefined, { barcodes: ['4006758368092', '0732287255100'] })
    expect(findIdentifier(album, product, SITE)).toContain('barcode')
  })

  it('never takes two broken barcodes for an equal pair', () => {
    const album = sampleAlbum('Black Celebration', ['Depeche Mode'], { barcodes: ['123456789998'] })
    expect(findIdentifier(album, sampleProduct('Other', undefined, { barcodes: ['123456789998'] }), SITE)).toBeNull()
  })
})
