import type { Album, Product } from '../../album.ts'
import { knownAsins } from '../known-asins.ts'
import { MAX_NAMES } from './bounds.ts'
import { toScript } from './compare-forms.ts'
import { toTitleWords } from './title-forms.ts'

/**
 * Why the product is the album by an identifier, or null: it has an ASIN known for this marketplace, or a barcode of
 * the album.
 */
export function findIdentifier(album: Album, product: Product, marketplace: string): string | null {
  if (knownAsins(album, marketplace).includes(product.asin)) return `its ASIN ${product.asin} is known to be this album`
  const known = new Set(album.barcodes.map(foldBarcode).filter((barcode) => barcode !== null))
  const shared = product.barcodes.map(foldBarcode).find((barcode) => barcode !== null && known.has(barcode))
  return shared ? `its barcode ${shared.replace(/^0/, '')} is the album's` : null
}

/** What people write before the digits of one: "EAN 4006758368092", "UPC-A: 732287255100", "EAN13 4006758368092". */
const KIND = /^\s*(?:barcode|ean|gtin|jan|upc)(?:-?(?:8|1[2-4]|a)(?=[\s:]))?[\s:.#-]*/i

/**
 * A barcode as 14 digits, so that the UPC-A, EAN-13 and GTIN-14 spellings of one code are equal (GS1 General
 * Specifications: shorter codes are filled with zeros on the left); null for what is none, by its check digit.
 * Sources that kept codes as numbers have lost leading zeros, hence shorter ones are taken; the name of its kind may stand
 * before it.
 */
export function foldBarcode(barcode: string): string | null {
  const digits = barcode.slice(0, 40).replace(KIND, '').replace(/[\s-]/g, '')
  if (!/^\d{8,14}$/.test(digits) || /^0+$/.test(digits)) return null
  const folded = digits.padStart(14, '0')
  const sum = [...folded].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0)
  return sum % 10 === 0 ? folded : null
}

const FILLERS = new Set('a an of in on to for with by from vinyl lp cd 1 2'.split(' '))

/**
 * Whether title and artists of album and product have no word in common, though they are in one script: then the
 * identifier may have been given to another record, or been mistyped.
 */
export function shareNoWord(album: Album, product: Product): boolean {
  const ours = [album.title, ...album.artists.slice(0, MAX_NAMES).map(({ name }) => name)].join(' ')
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const theirs = [product.title, ...names, product.brand ?? ''].join(' ')
  if (toScript(ours) !== toScript(theirs)) return false
  const words = new Set(toTitleWords(ours).filter((word) => !FILLERS.has(word)))
  return !toTitleWords(theirs).some((word) => words.has(word))
}
