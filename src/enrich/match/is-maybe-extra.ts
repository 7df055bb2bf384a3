import type { Product } from '../../album.ts'
import { compareFormats } from './compare-formats.ts'
import { findUnexplained } from './edition-words.ts'
import { normalizeText } from './normalize-text.ts'
import { findOtherRecord, type OtherRecord } from './other-record-words.ts'
import type { ReadTitle } from './read-title.ts'

/** What deluxe editions have on top of the album. */
const EXTRAS = new Set(['live', 'version', 'single', 'compilation', 'interview'])
/** Another recording of everything, whatever the box. */
const ANEW =
  /\b(taylors version|re ?record(ed|ing|ings)|karaoke|symphonic|orchestral|reimagined|reworked|in the style)\b/
/** So is this, unless it is a disc of a deluxe edition. */
const BARE_INSTRUMENTAL = /\binstrumentals?\b/
/** What is imported may be an EP or a single itself ("Blue Monday"), and only these words say that the product is one. */
const BARE_SINGLE = /^((7|10|12|inch|cd|maxi|vinyl|import|uk|us) )*(single|maxi)( (cd|vinyl))?$/
const BARE_EP = /^(the )?(\d{1,2}(st|nd|rd|th) )?(ep|e p|mini album)( (ep|mini album|version|edition))?$/
const DELUXE =
  /\b(deluxe|dlx|expanded|anniversary|legacy|bonus|super|collectors|special edition|extra|ultimate (collection|mix(es)?)|[1-9]0|[1-9]5)\b/
const ON_TOP =
  /\b(and|with|plus|incl|includes|including|w) ([a-z0-9]{1,20} ){0,6}(b sides|demos|outtakes|rarities|remixes|sessions|live|dvds?|eps?|singles?|bonus)\b/
/** A new mix is the album, a remix is not: which it is a bare word does not say. */
const BARE_MIX = /^((19|20)\d\d )?(remix(ed)?|redux)( (19|20)\d\d)?( version| edition)?$/
const SECOND_DISC = /^((and|with) )?(the )?(b sides|outtakes|rarities|demos|remixes|sessions)$/
export const BARE_LIVE = /^(live|live album|live recording|recorded live|en vivo|en directo|ao vivo|mtv unplugged)$/

/** "(ep.1 Control)" is an episode. */
const EPISODE = /^ep \d{1,2}( \w+)?$/

/** "[Tri-Color Vinyl EP]": but for the last word a pressing. */
function isPressedEp(part: string): boolean {
  const words = part.split(' ')
  return words.length > 1 && words.at(-1) === 'ep' && findUnexplained(words.slice(0, -1)).length === 0
}

/** A shirt or a calendar lies in the box with the record, which is named before it. */
const RECORD_FIRST = /\b(fan ?box|box|boxset|box set|\d?(cds?|lps?)|vinyl|edition|deluxe|bundle)\b/
const WITH = /\b(and|with|w|plus|incl|inkl|inklusive|includes|including|mit|avec|con)\b/

/** A best-of says so; a "collection" is as often the label's series, "years" a name for a time. */
const SURELY_COMPILED =
  /\b(greatest hits?|best of|the hits|very best|anthology|number ones|retrospective|compilation|sampler|playlist|12 singles|singles (collection|box))\b/
const SUBTITLED = /^(the )?((very )?best of|greatest hits|singles|anthology)\b/

/**
 * Whether a sign of another record may be no more than an edition's extras ("Deluxe Edition incl. Live CD"), or the
 * word "live" beside the title of an album that is a concert: "Made In Japan (Live)".
 *
 * @param extra the words that only the product has
 * @param isBeside whether the sign stands beside the album's whole title, which few others bear: the place of a concert
 * ("Hot August Night - Live At The Greek Theatre") or a series ("Ballads (The Impulse Collection)")
 */
export function isMaybeExtra(
  { kind }: OtherRecord,
  extra: string,
  given: ReadTitle,
  product: Product,
  isBeside: boolean,
): boolean {
  if (kind === 'merchandise') return isGift(given, product)
  if (!EXTRAS.has(kind) || ANEW.test(extra)) return false
  const parts = [...given.notes, ...given.segments.slice(1)]
  // An audio play on the record is what a catalogue has it for.
  if (isBeside && kind === 'interview' && /\bhorspiel\b/.test(extra)) return true
  if (isBeside && (kind === 'live' || (kind === 'compilation' && !SURELY_COMPILED.test(extra)))) return true
  // "Legend: The Best Of Bob Marley": which best-of an album is stands in its subtitle, if anywhere.
  if (isBeside && kind === 'compilation' && parts.some((part) => SUBTITLED.test(part))) return true
  if (
    kind === 'single' &&
    [...parts, given.tailed.split(' ').at(-1) ?? ''].some(
      (part) => BARE_EP.test(part) || BARE_SINGLE.test(part) || EPISODE.test(part) || isPressedEp(part),
    )
  )
    return true
  if (kind === 'live' && parts.some((part) => BARE_LIVE.test(part))) return true
  if (kind === 'version' && parts.some((part) => BARE_MIX.test(part))) return true
  // "The Best Of 1980-1990 / The B-Sides" has a second disc.
  if (kind === 'version' && given.listed.length > 1 && given.listed.slice(1).every((part) => SECOND_DISC.test(part)))
    return true
  // What is an EP elsewhere is a mini album in Korea, and the album itself.
  if (kind === 'single' && /\bmini album\b/.test(extra)) return true
  const text = [...given.segments, ...given.notes, ...given.editions, normalizeText(product.edition ?? '')].join(' ')
  if (DELUXE.test(text) || ON_TOP.test(text)) return true
  if (BARE_INSTRUMENTAL.test(extra)) return false
  // Amazon's format says "Live" or "Best of" of whatever is one.
  return (
    findOtherRecord([...given.segments, ...given.notes].join(' ')) === null &&
    product.formats.length > 0 &&
    kind !== 'single'
  )
}

/** "Zeit (Ltd. Box incl. T-Shirt)": what names the shirt is a note, in which a record comes first. */
function isGift({ core, notes, editions }: ReadTitle, product: Product): boolean {
  if (compareFormats(product).kind !== 'record' || findOtherRecord(core)?.kind === 'merchandise') return false
  return [...notes, ...editions].every((note) => findOtherRecord(note)?.kind !== 'merchandise' || isGiftNote(note))
}

function isGiftNote(note: string): boolean {
  const at = note.search(RECORD_FIRST)
  return at >= 0 && WITH.test(note.slice(at))
}
