import { readFileSync } from 'node:fs'
import type { Album, Product } from '../../src/album.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'

/** The marketplace of pairs that do not name one. */
export const SITE = 'www.amazon.com'

/** A labelled pair as it stands in a file, one JSON object a line; what a test does not need is left out there. */
export interface Pair {
  album: {
    title: string
    artists: string[]
    releaseYear?: number | null
    barcodes?: string[]
    /** Of any marketplace, or by marketplace. */
    asins?: string[] | Record<string, string[]>
  }
  product: {
    asin: string
    title: string
    /** null, as other facts may be in exports of former builds: not known. */
    artist?: string | null
    /** Instead of `artist` when Amazon names several. */
    artists?: string[]
    contributors?: { name: string; role?: string | null; roleType?: string | null }[]
    brand?: string
    binding?: string | null
    productGroup?: string
    edition?: string
    formats?: string[]
    barcodes?: string[]
    releaseDate?: string | null
  }
  label: 'match' | 'no_match'
  /** The verdicts that are right, such as "reject|open"; absent: the label's own, and open is undecided. */
  expect?: string
  /** What the pair shows. */
  kind?: string
  /** Why it was labelled so; the kind of pairs that name none. */
  why?: string
  round?: number
}

/** @throws Error naming file and line when a line is no pair */
export function readPairs(file: string): Pair[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parsePair(line, `${file}:${index + 1}`)]))
}

function parsePair(line: string, where: string): Pair {
  let pair: Pair
  try {
    pair = JSON.parse(line) as Pair
  } catch (error) {
    throw new Error(`${where}: not JSON: ${(error as Error).message}`)
  }
  if (pair.label !== 'match' && pair.label !== 'no_match')
    throw new Error(`${where}: label is ${JSON.stringify(pair.label)}, wants "match" or "no_match"`)
  if (typeof pair.album?.title !== 'string' || !Array.isArray(pair.album.artists))
    throw new Error(`${where}: album wants a title and a list of artists`)
  if (typeof pair.product?.title !== 'string') throw new Error(`${where}: product wants a title`)
  return pair
}

export function toAlbum({ album }: Pair): Album {
  const asins = Array.isArray(album.asins) ? { [SITE]: album.asins } : (album.asins ?? {})
  return sampleAlbum(album.title, album.artists, {
    releaseYear: album.releaseYear ?? null,
    barcodes: album.barcodes ?? [],
    asins,
  })
}

export function toProduct({ product }: Pair): Product {
  const names = product.artists ?? (product.artist == null ? [] : [product.artist])
  const contributors = product.contributors ?? names.map((name) => ({ name }))
  return sampleProduct(product.title, undefined, {
    asin: product.asin,
    contributors: contributors.map((one) => ({ role: null, roleType: null, ...one })),
    brand: product.brand ?? null,
    binding: product.binding ?? null,
    productGroup: product.productGroup ?? null,
    edition: product.edition ?? null,
    formats: product.formats ?? [],
    barcodes: product.barcodes ?? [],
    releaseDate: product.releaseDate ?? null,
  })
}
