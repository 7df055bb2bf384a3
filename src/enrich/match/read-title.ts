import { MAX_TITLE } from './bounds.ts'
import { findUnexplained, isEditionWord, isStrongEditionWord } from './edition-words.ts'
import { isTellingNote } from './is-telling-note.ts'
import { normalizeText } from './normalize-text.ts'
import { findOtherRecord } from './other-record-words.ts'
import { isNumberedAlbum, isVersionNote, readAnnounced } from './read-korean-title.ts'
import { readSymbols } from './read-symbols.ts'
import { isCastNote, isShowNote } from './show-words.ts'
import { isSoundtrackNote, splitMusicNote } from './soundtrack-words.ts'
import { spellInches } from './spell-inches.ts'

/** A title taken apart. All texts are normalized. */
export interface ReadTitle {
  /** Without notes in brackets and without words about the pressing. */
  core: string
  /** As `core`, with trailing words about the pressing, which may be the title's own: "The Slim Shady LP". */
  tailed: string
  /** Parts of the core between dashes and colons, in order; one element when there is none. */
  segments: string[]
  /** Notes in brackets that are about the music, such as a subtitle, or that no list explains. */
  notes: string[]
  /** What was understood as a description of the pressing. */
  editions: string[]
  /** The things that it lists between strokes: "Blizzard Of Ozz / Diary Of A Madman". */
  listed: string[]
  /** Whether it lists several things. */
  isList: boolean
  /** Whether a note comes first: "(What's The Story) Morning Glory?". */
  beginsWithNote: boolean
  /** Whether one of several is a sign, of which no word is left: "+ & x". */
  joinsSigns: boolean
}

const MAX_SEGMENTS = 8
/** "Exclusive Limited Edition Dyers Green Colored 2x Vinyl LP" has one foreign word of nine. */
const EDITION_SHARE = 0.6
/** Of all scripts that Amazon's marketplaces use; full-width forms are folded before. */
const BRACKETS = /[([{【《「『〈〔〖][^()[\]{}【】《》「」『』〈〉〔〕〖〗]*(?:[)\]}】》」』〉〕〗]|$)/g
/** "(初回限定盤(DVD付))", "[Limited Edition (Red Vinyl)]": one note. */
const NESTED = /([([【])([^()[\]【】]*)[([]([^()[\]【】]*)[)\]]([^()[\]【】]*)[)\]】]/g
/** "<Deluxe Edition>", but not "I <3 You". */
const ANGLED = /[<‹]([^<>‹›]{3,60})[>›]/g
/** The year of a reseller's copy: "Kid A by Radiohead (2009) Audio CD". */
const LISTED_IN = /\((19|20)\d\d\)(?=\s*audio cd\s*$)/i
/** "The Essential Billy Joel 3.0" has a third disc. */
const THIRD_DISC = /^(the essential .{1,80}?) 3\.0(?=$|\s*[([])/i
/** A sign on one side of a joining one, with something on its other side. */
const SIGN_JOINED =
  /^\s*[^\p{L}\p{N}\s]{1,3}\s+(?:[&+/]|and|und|et)\s+\S|\S\s+(?:[&+/]|and|und|et)\s+[^\p{L}\p{N}\s]{1,3}(\s|$)/iu
/** "Chicago The Musical" is the show of that name. */
const THE_MUSICAL = ' the musical'
/** A shop's own note before the title. */
const SHOP_PREFIX = /^\s*【/

/**
 * Takes a title of Amazon or of a catalogue apart: "Red (200G/Remix/Ltd) (Vinyl)" is "red" with two notes about the pressing;
 * "Legend (The Best Of Bob Marley)" is "legend" with a note.
 */
export function readTitle(title: string): ReadTitle {
  const notes: string[] = []
  const editions: string[] = []
  const file = (text: string) => {
    const normal = normalizeText(text)
    // "Appetite For Destruction by Guns N' Roses (1990-10-25)" was listed by a reseller.
    if (isSelfTitled(normal)) editions.push(`${normal} edition`)
    else if (normal !== '')
      (isEdition(normal) || DATE.test(normal) || isVersionNote(normal, cut !== whole) || SHORT.test(normal)
        ? editions
        : notes
      ).push(VERSION.test(normal) ? normal.replace('v', 'version ') : normal)
  }
  const whole = spellInches(title.slice(0, MAX_TITLE))
    .replace(/[（）［］｛｝：]/g, (sign) => sign.normalize('NFKC'))
    .replace(NESTED, '$1$2 $3 $4)')
    .replace(ANGLED, '($1)')
    .replace(LISTED_IN, '')
    .replace(THIRD_DISC, '$1')
  const cut = readAnnounced(whole, isEdition)
  const outside = cut.replace(BRACKETS, (note) => {
    file(note.slice(1).replace(/[)\]}】》」』〉〕〗]$/, ''))
    return SHOP_PREFIX.test(note) && cut.trimStart().startsWith(note) ? ' ' : ' | '
  })
  // A title that is nothing but a bracket ("( )", "(GI)") is no note.
  if (normalizeText(outside.replaceAll('|', '')) === '') {
    const core = normalizeText(cut)
    return {
      core,
      tailed: core,
      segments: [core],
      notes: [],
      editions: [],
      listed: [core],
      isList: false,
      beginsWithNote: false,
      joinsSigns: false,
    }
  }
  const segments: string[] = []
  const tailed: string[] = []
  for (const part of outside.split(/\||\s[-–—:~]+\s|:\s|\s[-–—](?=\S)/).slice(0, MAX_SEGMENTS)) {
    const normal = normalizeText(part)
    if (normal === '') continue
    if (segments.length > 0 && (isEditionSegment(normal) || isNumberedAlbum(normal) || isSelfTitled(normal))) {
      editions.push(isSelfTitled(normal) ? `${normal} edition` : normal)
      continue
    }
    // "Pulp Fiction: Music From The Motion Picture", as if it stood in brackets.
    if (segments.length > 0 && (isSoundtrackNote(normal) || isShowNote(normal))) {
      notes.push(normal)
      continue
    }
    const musical = normal.endsWith(THE_MUSICAL) ? [normal.slice(0, -THE_MUSICAL.length), THE_MUSICAL.trim()] : null
    const [named = normal, note] = musical ?? (segments.length === 0 ? splitMusicNote(normal) : null) ?? []
    if (note !== undefined) notes.push(note)
    segments.push(dropTrailingEdition(named, editions))
    tailed.push(musical === null ? normal : named)
  }
  const names = readSymbols(title).map((name) => normalizeText(name))
  const joinsSigns = SIGN_JOINED.test(outside.replaceAll('|', ' '))
  const parts = outside.split(/\s\/\s/)
  const listed = parts.length > 1 ? parts.filter((part) => !isBlankOrEdition(part)) : parts
  return {
    core: segments.join(' '),
    tailed: tailed.join(' '),
    segments,
    // "÷ (Divide)": the same, once more.
    notes: notes.filter((note) => !names.includes(note)),
    editions,
    listed: listed.map(normalizeText),
    isList: joinsSigns || listed.length > 1,
    beginsWithNote: outside.trimStart().startsWith('|'),
    joinsSigns,
  }
}

/** As American wholesalers cut what they say of pressings: "Paranoid (Hybr)". */
const SHORT = /^(exp|jpn|can|hybr|rmst|ogv|enh|rpkg|aniv|bonus)$/
/** "Further Down The Spiral (V2)" is no second volume. */
const VERSION = /^v\d$/
const DATE = /^(19|20)\d\d (0[1-9]|1[0-2]) ([0-2]\d|3[01])$/
// A jewel box holds one disc.
const BOX = /\b((?<!jewel )box(set)?|coffret|cofanetto|caja|(twin|double|triple|value|[2-9]) pack)\b/
const OF_ONE_ALBUM =
  /\b(deluxe|anniversary|anniversaire|anniversario|edition|expanded|(?<![3-9] |\d\d )[12]?(lps?|cds?))\b/

/**
 * Whether normalized words describe a pressing and nothing else, by the lists: what they do not explain may tell
 * another record ("2-CD Set with Court And Spark").
 */
function isEdition(normal: string): boolean {
  const words = normal.split(' ')
  // "(The White Album)" tells one self-titled album from another, "(1962-1966)" one best-of.
  const isNamed = words.some((word, at) => word === 'album' && !isStrongEditionWord(words[at - 1] ?? ''))
  if (isNamed || words.every((word) => /^\d+$/.test(word))) return false
  // A box without a word about the album may hold several of them.
  if (BOX.test(normal) && !OF_ONE_ALBUM.test(normal)) return false
  // A single that comes on top ("2LP + 7" Vinyl Single") is a gift, not the record.
  const gift = /\b\d*(lps?|cds?|box|vinyl)\b.*\band\b.*\b(single|ep|7|12)\b/.test(normal)
  const bare = gift ? normal.replace(/\b(singles?|eps?)\b/g, '') : normal
  if (findUnexplained(bare.split(' ').filter(Boolean)).length > 0) return false
  return !isTellingNote(normal) && findOtherRecord(bare) === null
}

/**
 * After a dash the rule is stricter than in brackets, for the title itself may stand there: "Daft Punk - Discovery
 * Vinyl". Weak words alone are the title's, too ("Black Panther: The Album").
 */
function isEditionSegment(normal: string): boolean {
  const words = normal.split(' ')
  if (!words.some(isStrongEditionWord) || !isEdition(normal)) return false
  const share = words.filter(isEditionWord).length / words.length
  return isEditionWord(words[0] ?? '') && share >= EDITION_SHARE
}

/** Whether it is a box, and nothing says that of one album. */
export function isBoxOfMany({ tailed, notes, editions }: ReadTitle): boolean {
  const text = [tailed, ...notes, ...editions].join(' ')
  return BOX.test(text) && !OF_ONE_ALBUM.test(text)
}

/** "Paramore: Self-Titled Deluxe" says that the name before is the title. */
function isSelfTitled(normal: string): boolean {
  if (!normal.includes('self titled')) return false
  const [, edition] = SELF_TITLED.exec(normal) ?? []
  return edition !== undefined && (edition === '' || isEdition(edition.trim()))
}

const SELF_TITLED = /^(?:the )?self titled(?: album)?((?: .*)?)$/

function isBlankOrEdition(text: string): boolean {
  const normal = normalizeText(text.replaceAll('|', ' '))
  if (normal === '' || /^(various|various artists)$/.test(normal)) return true
  // "Vinyl record" beside a stroke: a strong word and no sign of another record is enough here.
  if (isSoundtrackNote(normal) || isCastNote(normal)) return true
  return isEdition(normal) || (normal.split(' ').some(isStrongEditionWord) && findOtherRecord(normal) === null)
}

/** "In Rainbows LP" is "In Rainbows". */
function dropTrailingEdition(normal: string, editions: string[]): string {
  const words = normal.split(' ')
  let start = words.length
  // "In Rainbows Disk 2" is the second of them, not all.
  if (/^([2-9]|1\d)$/.test(words.at(-1) ?? '') && /^(disc|disk|cd|dvd)$/.test(words.at(-2) ?? '')) return normal
  while (start > 1 && isEditionWord(words[start - 1] ?? '')) start--
  // From the first strong word on: "Kind Of Blue Vinyl" loses its vinyl, not its blue.
  while (start < words.length && !isStrongEditionWord(words[start] ?? '')) start++
  if (isCount(words[start - 1], words[start])) {
    start--
    if (start > 1 && /^(and|plus|with)$/.test(words[start - 1] ?? '')) start--
  }
  if (start === 0 || start === words.length) return normal
  // "Garbage & Version 2.0": what is joined and numbered is a title.
  if (words[start] === 'version' && words[start - 1] === 'and') return normal
  const edition = words.slice(start).join(' ')
  if (isTellingNote(edition)) return normal
  editions.push(edition)
  return words.slice(0, start).join(' ')
}

/** The number of "180 gram" or "2 LP"; "Chicago 17 LP" has no seventeen discs. */
function isCount(number = '', unit = ''): boolean {
  if (/^(grams?|gm|rpm)$/.test(unit)) return /^\d{2,3}$/.test(number)
  if (/^(bonus|extra)$/.test(unit)) return /^\d{1,2}$/.test(number)
  return /^[1-6]$/.test(number) && /^(lps?|cds?|discs?|vinyl)$/.test(unit)
}
