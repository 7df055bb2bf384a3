import type { Product } from '../../album.ts'
import { MAX_TITLE } from './bounds.ts'
import { normalizeText } from './normalize-text.ts'
import { spellInches } from './spell-inches.ts'

/** Whether the product can be a music album at all. */
export interface FormatMatch {
  kind: 'record' | 'unknown' | 'other'
  reason: string
  /** Why it may be another record though a record, in words for the editor. */
  doubt: string | null
}

// Amazon localizes bindings and product groups: the words of its larger marketplaces.
const RECORD =
  /\b(audio|cd|cds|lp|lps|vinyl|vinilo|vinile|cassette|music|musik|musique|musica|schallplatte|disque|disco|disc|record|mp3|sacd|minidisc|shm)\b/
const OTHER =
  /\b(dvd|laser ?disc|4k|umd|blu ray|bluray|vhs|video|movie|film|hardcover|paperback|book|books|buch|bucher|livre|livres|libro|libros|libri|gebundene|taschenbuch|broche|relie|kindle|audible|audiobooks?|audiolibros?|audiolivres?|horbuch|horbucher|calendar|toy|toys|game|apparel|kleidung|musical instruments?|accessory|electronics|kitchen|home|poster|mug|spiral bound|plastic comb|puzzle|lighter|sheet music|misc|office product|wall art|product bundle)\b/

const BOOK = /\b(books?|buch|bucher|livres?|libros?|libri|horbuch)\b/

/** Albums have seven-inch pressings seldom, their songs often. */
const SEVEN_INCH = /(^|[^\d.])7[ -]?in(ch)?\b/i
const LARGER = /\b\d{0,2}(lps?|cds?|box|boxset|deluxe|ep)\b/i
/** One song of an album, which often has the album's title. */
const TRACK = /\bdigital music track\b/

/**
 * Judges by binding and product group. "DVD Audio" is music; a book or a concert film is not, and sellers also list
 * toys with an artist.
 *
 * @param isTold whether the album is told or read aloud, so that a book on CD may be it
 */
export function compareFormats(product: Product, isTold = () => false): FormatMatch {
  const binding = normalizeText(product.binding ?? '')
  const group = normalizeText(product.productGroup ?? '')
  const isOtherGroup = OTHER.test(group) && !RECORD.test(group)
  const isOtherBinding = OTHER.test(binding) && !/\baudio\b/.test(binding.replace(/\baudio ?books?\b/, 'book'))
  const open = (reason: string, doubt: string): FormatMatch => ({ kind: 'unknown', reason, doubt })
  if (BOOK.test(group) && isTold())
    return open(`Amazon files it under ${product.productGroup}`, 'it is filed under books')
  if (
    (isOtherGroup || isOtherBinding) &&
    !TRACK.test(group) &&
    (isBluRayAudio(product, binding) || isKpopCard(product))
  )
    return open(`it is sold as ${product.binding}`, 'it is neither a CD nor a record')
  // Audiobooks are bound as "Audio CD", too: what Amazon files under books is one.
  if (TRACK.test(group) || isOtherGroup)
    return { kind: 'other', reason: `Amazon files it under ${product.productGroup}`, doubt: null }
  if (isOtherBinding) return { kind: 'other', reason: `it is sold as ${product.binding}`, doubt: null }
  const doubt = findSingle(product, binding)
  if (RECORD.test(binding)) return { kind: 'record', reason: `it is sold as ${product.binding}`, doubt }
  if (RECORD.test(group)) return { kind: 'record', reason: `Amazon files it under ${product.productGroup}`, doubt }
  return { kind: 'unknown', reason: 'nothing is known of its format', doubt }
}

/** A Blu-ray of music alone says so. */
const isBluRayAudio = ({ title, edition }: Product, binding: string) =>
  /\bblu ?ray\b/.test(binding) && PURE_AUDIO.test(normalizeText(`${title.slice(0, MAX_TITLE)} ${edition ?? ''}`))
const PURE_AUDIO = /\b(blu ?ray (disc )?audio|audio blu ?ray|bd ?audio|pure audio|high fidelity pure)\b/

/** Korean albums are sold as a card with a code, too: "(Weverse Albums ver.)". */
const isKpopCard = ({ title }: Product) => CARD.test(normalizeText(title))
const CARD = /\b(weverse|platform|kit|kihno|nemo|smart|pocket|smc|qr|tag) ?albums? ver(sion)?\b/

/** What is pressed or sold as singles are: the song of the album's name, unless the album is one itself. */
function findSingle({ title, binding, formats, edition }: Product, normalBinding: string): string | null {
  if (/\b(single|maxi)\b/.test(normalBinding)) return `it is sold as ${binding}`
  const texts = [title, edition ?? '', ...formats.slice(0, 10)].map((text) => text.slice(0, MAX_TITLE))
  const isSmall = texts.some((text) => SEVEN_INCH.test(spellInches(text))) && !texts.some((text) => LARGER.test(text))
  return isSmall ? 'it is a seven-inch record, as singles are' : null
}
