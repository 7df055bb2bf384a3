import type { Product } from '../../album.ts'
import { normalizeText } from './normalize-text.ts'

/** Whether the product can be a music album at all. */
export interface FormatMatch {
  kind: 'record' | 'unknown' | 'other'
  reason: string
}

// Amazon localizes bindings and product groups: the words of its larger marketplaces.
const RECORD =
  /\b(audio|cd|cds|lp|lps|vinyl|vinilo|vinile|cassette|music|musik|musique|musica|schallplatte|disque|disco|disc|record|mp3|sacd|minidisc|shm)\b/
const OTHER =
  /\b(dvd|blu ray|bluray|vhs|video|movie|film|hardcover|paperback|book|books|buch|bucher|livre|livres|libro|libros|libri|gebundene|taschenbuch|broche|relie|kindle|audible|audiobooks?|audiolibros?|audiolivres?|horbuch|horbucher|calendar|toy|toys|game|apparel|kleidung|musical instruments?|accessory|electronics|kitchen|home|poster|mug|sheet music|misc|office product|wall art|product bundle)\b/

/** One song of an album, which often has the album's title. */
const TRACK = /\bdigital music track\b/

/**
 * Judges by binding and product group. "DVD Audio" is music; a book or a concert film is not, and sellers also list
 * toys with an artist.
 */
export function compareFormats(product: Product): FormatMatch {
  const binding = normalizeText(product.binding ?? '')
  const group = normalizeText(product.productGroup ?? '')
  // Audiobooks are bound as "Audio CD", too: what Amazon files under books is one.
  if (TRACK.test(group) || (OTHER.test(group) && !RECORD.test(group)))
    return { kind: 'other', reason: `Amazon files it under ${product.productGroup}` }
  if (OTHER.test(binding) && !/\baudio\b/.test(binding.replace(/\baudio ?books?\b/, 'book')))
    return { kind: 'other', reason: `it is sold as ${product.binding}` }
  if (RECORD.test(binding)) return { kind: 'record', reason: `it is sold as ${product.binding}` }
  if (RECORD.test(group)) return { kind: 'record', reason: `Amazon files it under ${product.productGroup}` }
  return { kind: 'unknown', reason: 'nothing is known of its format' }
}
