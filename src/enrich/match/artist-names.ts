import { foldNumerals } from './fold-numbers.ts'
import { dropExplanation, toAliases } from './name-aliases.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { remember } from './remember.ts'

/** How one piece of a list of names is tied to the next: "&" makes one act of two, a comma or "and" makes a list. */
export interface Piece {
  name: string
  /** What stands before it; empty for the first. */
  tie: '' | ',' | '&' | 'and' | 'feat'
}

/** Amazon's artist fields hold lists in many styles; more names than this are songwriters. */
const MAX_PIECES = 14
const MAX_RUN = 6
const SEPARATOR =
  /(\s*[,/;|]\s*|\s*[&+]\s*|\s+(?:and|with|feat\.?|featuring|ft\.?|et al\.?|x|vs\.?|y|und|et|og|och)\s+)/i

export function toPieces(names: string): Piece[] {
  const parts = names
    .slice(0, 400)
    // A son keeps his "Jr.", or he would be his father.
    .replace(/\s*,\s*(?=[js]r\b)/gi, ' ')
    .split(SEPARATOR)
  const pieces: Piece[] = []
  for (let at = 0; at < parts.length && pieces.length < MAX_PIECES; at += 2) {
    const name = parts[at] ?? ''
    if (name.trim() !== '') pieces.push({ name, tie: pieces.length === 0 ? '' : toTie(parts[at - 1] ?? '') })
  }
  return pieces
}

function toTie(separator: string): Piece['tie'] {
  const sign = separator.trim()
  if (/^f/i.test(sign)) return 'feat'
  return /^[&+]$/.test(sign) ? '&' : /^[,/;|]$/.test(sign) ? ',' : 'and'
}

/** A run of neighbouring pieces, since a comma may part two people or one person's two names. */
export interface Run {
  /** Its words in order, see toWords. */
  words: readonly string[]
  key: string
  /** What the run is of its act. `member`: one of several that "&" joins; `leader`: before "& The Band"; `guest`: after "feat.". */
  place: 'whole' | 'member' | 'leader' | 'later' | 'guest'
  /** Keys of what "&" joins to it. */
  beside: string[]
  /** Whether no comma says which of a person's two names comes first. */
  isOnePiece: boolean
}

export const toRuns: (names: string) => readonly Run[] = remember(readRuns)

function readRuns(names: string): Run[] {
  const pieces = toPieces(names)
  const runs: Run[] = []
  for (let from = 0; from < pieces.length; from++) {
    for (let to = from + 1; to <= pieces.length && to - from <= MAX_RUN; to++) {
      const words = toNameWords(
        pieces
          .slice(from, to)
          .map(({ name }) => name)
          .join(' '),
      )
      const key = [...new Set(words)].sort().join(' ')
      if (key === '') continue
      const [place, beside] = [toPlace(pieces, from, to), toBeside(pieces, from, to)]
      runs.push({ words, key, place, beside, isOnePiece: to - from === 1 })
    }
  }
  return runs
}

function toPlace(pieces: Piece[], from: number, to: number): Run['place'] {
  const next = pieces[to]
  const joinedBefore = pieces[from]?.tie === '&'
  if (!joinedBefore && next !== undefined && next.tie !== ',' && isBackingBand(next.name)) return 'leader'
  if (joinedBefore || next?.tie === '&') return 'member'
  if (pieces[from]?.tie === 'feat') return 'guest'
  return pieces[from]?.tie === 'and' ? 'later' : 'whole'
}

function toBeside(pieces: Piece[], from: number, to: number): string[] {
  const beside: string[] = []
  for (let at = from; at > 0 && pieces[at]?.tie === '&'; at--) beside.push(toKey(pieces[at - 1]?.name ?? ''))
  for (let at = to; pieces[at]?.tie === '&'; at++) beside.push(toKey(pieces[at]?.name ?? ''))
  return beside
}

/** "& The Wailers", "and His Orchestra": who plays with somebody. */
export function isBackingBand(name: string): boolean {
  return /^\s*(the|his|her|su|los|las|les|die|seine?|son|friends|orchestra|company|co)\b/i.test(name)
}

/** Shelves of Japanese shops, which stand where an artist is not known. */
const SHELVES = new Set(
  'サントラ,TVサントラ,ゲーム・ミュージック,アニメ,アニメ・サントラ,ミュージカル,ドラマ,ドラマCD,キッズ'
    .split(',')
    .map(normalizeText),
)

/** Whether a normalized name stands for nobody in particular. */
export function isNobody(name: string): boolean {
  if (SHELVES.has(name)) return true
  return /^(various( artists?)?|multi artistes?|artistes? divers|et al|unknown|traditional|traditionnel|na|n a)$/.test(
    name,
  )
}

/** The words of a name, numerals in digits, without a form of address: "Ms. Lauryn Hill", "Sir Adrian Boult". */
export function toNameWords(name: string): readonly string[] {
  const words = foldNumerals(toWords(/\d/.test(name) ? name.replace(NUMBERED, '$1') : name)).map((word) =>
    word.includes('v') ? word.replace(LATIN_U, 'u') : word,
  )
  return words.length > 2 && /^(sir|dame|ms)$/.test(words[0] ?? '') ? words.slice(1) : words
}

/** "Konono Nº1" is Konono No. 1. */
const NUMBERED = /\b(?:no\.? ?|n[º°] ?|№ ?)(\d{1,3})\b/gi

/** "Café Tacvba", "CHVRCHES": between consonants the letter is a u, as Romans cut it. */
const LATIN_U = /(?<=[bcdfghjklmnpqrstxz])v(?=[bcdfghjklmnpqrstxz])/g

/** Order-free key of a name: "Dylan, Bob" equals "Bob Dylan". */
export const toKey = remember((name) => [...new Set(toNameWords(name))].sort().join(' '))

/** A name, and how it is written where a keyboard or a catalogue has no such letters: "Herbert Groenemeyer", "Mu-Ziq". */
export const toSpellings: (name: string) => readonly string[] = remember(spellName)

function spellName(name: string): string[] {
  const aliases = toAliases(name)
  if (aliases.length > 1) return [name, ...aliases]
  const explained = dropExplanation(name)
  if (explained !== name) return [name, explained]
  // The sign for micro is none of Greece.
  const plain = name.normalize('NFKC')
  const inLatin = /[a-z]/i.test(plain) ? plain.replace(GREEK, spellGreek) : plain
  if (inLatin !== plain) return [name, inLatin]
  if (!UMLAUT.test(name)) return [name]
  return [name, name.normalize('NFC').replace(/[äöüøå]/gi, (letter) => UMLAUTS[letter.toLowerCase()] ?? letter)]
}

/** A letter by itself. */
const GREEK = /(?<!\p{L})\p{Script=Greek}(?!\p{L})/gu
const GREEK_NAMES =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega'.split(
    ' ',
  )

/** The names are in the order of the letters, which has two sigmas. */
function spellGreek(letter: string): string {
  return GREEK_NAMES[(letter.toLowerCase().codePointAt(0) ?? 0) - 0x3b1] ?? letter
}

const UMLAUT = /[äöüøåÄÖÜØÅ]|[aou]\u0308|a\u030a/i
const UMLAUTS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ø: 'oe', å: 'aa' }

/** Forms of a band that are put or left out at will: "The Dave Brubeck Quartet". */
const FORMS = new Set('trio quartet quintet sextet septet octet nonet combo group band allstars'.split(' '))
/** Also of the album's own artist, when the product has the leader only: "The Jimi Hendrix Experience". */
const OWN_FORMS = new Set([...FORMS, 'experience', 'project', 'orchestra', 'ensemble'])

/**
 * Whether two names are one, the one longer: "Miles Davis" and "Miles Davis Quintet", a middle initial, or one cut short
 * by Amazon ("Red Hot Chili Pepper"). A name that holds another's with anything else is somebody else's: a tribute
 * ("Pink Floyd Experience"), a son, a namesake.
 */
export function isLongerName(wanted: readonly string[], given: readonly string[]): boolean {
  const [left, right] = [wanted.join(' '), given.join(' ')]
  if (right.length >= CUT_MIN_LENGTH && left.startsWith(right) && left[right.length] !== ' ') return true
  const [fewer, more] = wanted.length <= given.length ? [wanted, given] : [given, wanted]
  if (fewer.length < 2 || fewer.length === more.length) return false
  const rest = more.filter((word) => !fewer.includes(word))
  if (!fewer.every((word) => more.includes(word))) return false
  const forms = more === wanted ? OWN_FORMS : FORMS
  if (rest.every((word) => forms.has(word))) return true
  // John Luther Adams is not John Adams.
  return (
    rest.length === 1 &&
    rest[0]?.length === 1 &&
    more.length - fewer.length === 1 &&
    more[0] === fewer[0] &&
    more.at(-1) === fewer.at(-1)
  )
}

/** Shorter names begin like too many others. */
const CUT_MIN_LENGTH = 8

/** Whether both are one person by initials or surname: "J.S. Bach", "B. Dylan", "Bach". */
export function isInitialed(wanted: readonly string[], given: readonly string[]): boolean {
  if (wanted.at(-1) !== given.at(-1) || wanted.length < 2) return false
  if (given.length === 1) return true
  const initials = given.slice(0, -1).join('')
  const full = wanted
    .slice(0, -1)
    .map((word) => word[0])
    .join('')
  return initials.length <= 3 && (full.startsWith(initials) || initials.startsWith(full))
}

/** Names that one artist had for the same records, one after the other; no side projects, whose records are others. */
const RENAMED = [
  ['Kanye West', 'Ye', 'Yeezy'],
  ['Yusuf', 'Cat Stevens', 'Yusuf Islam', 'Yusuf / Cat Stevens'],
  ['Prince', 'The Artist Formerly Known As Prince', 'The Artist', 'TAFKAP', 'Symbol', 'Love Symbol'],
  ['Mos Def', 'Yasiin Bey'],
  ['Puff Daddy', 'P. Diddy', 'Diddy', 'Sean Combs', 'Love'],
  ['Snoop Dogg', 'Snoop Doggy Dogg', 'Snoop Lion'],
  ['Dixie Chicks', 'The Chicks'],
  ['Lady Antebellum', 'Lady A'],
  ['MF Doom', 'Doom'],
  ['2Pac', 'Tupac Shakur', 'Tupac', 'Makaveli'],
  ["Terence Trent D'Arby", 'Sananda Maitreya'],
  ['T. Rex', 'Tyrannosaurus Rex'],
  ['The Jackson 5', 'The Jacksons', 'Jackson Five'],
  ['Jefferson Starship', 'Starship'],
  ['Walter Carlos', 'Wendy Carlos'],
  ['Antony and the Johnsons', 'ANOHNI'],
  ['Cat Power', 'Chan Marshall'],
  ['The Small Faces', 'Faces'],
  ['Bonnie "Prince" Billy', 'Palace Music', 'Palace Brothers', 'Will Oldham', 'Palace'],
  ['Smog', 'Bill Callahan', '(Smog)'],
  ['Dr. John', 'Mac Rebennack'],
  ['Alan Sorrenti', 'Sorrenti'],
  ['The Birthday Party', 'The Boys Next Door'],
  ['Alice Coltrane', 'Turiyasangitananda', 'Alice Coltrane Turiyasangitananda'],
  ['Rahsaan Roland Kirk', 'Roland Kirk'],
  ['Yusef Lateef', 'William Evans'],
  ['Ahmad Jamal', 'Fritz Jones'],
  ['Abdullah Ibrahim', 'Dollar Brand'],
  ['Sade', 'Sade Adu'],
  ['John Cougar', 'John Mellencamp', 'John Cougar Mellencamp'],
  ['Childish Gambino', 'Donald Glover'],
  ['Lil Bow Wow', 'Bow Wow'],
  ['2 Chainz', 'Tity Boi'],
  ['Ginuwine', 'Elgin Lumpkin'],
  ['The Weeknd', 'Abel Tesfaye'],
  ['Lorde', 'Ella Yelich-OConnor'],
  ['Kesha', 'Ke$ha'],
  ['P!nk', 'Pink'],
  ['Machine Gun Kelly', 'mgk'],
  ['Panic! At The Disco', 'Panic At The Disco'],
  ['Viet Cong', 'Preoccupations'],
  ['Girl Band', 'Gilla Band'],
  ['British Sea Power', 'Sea Power'],
  ['Joy Division', 'Warsaw'],
  ['Utada Hikaru', 'Hikaru Utada', 'Utada'],
  ['Ringo Sheena', 'Shiina Ringo', 'Sheena Ringo'],
  ['Electric Light Orchestra', 'ELO', "Jeff Lynne's ELO"],
  ['Tom Jobim', 'Antonio Carlos Jobim', 'A.C. Jobim'],
  ['Yazoo', 'Yaz'],
  ['Suede', 'The London Suede'],
  ['The Beat', 'The English Beat'],
  ['The Charlatans', 'The Charlatans UK'],
  ['Caribou', 'Manitoba'],
  ['Chet Faker', 'Nick Murphy'],
  ['Alex G', '(Sandy) Alex G'],
  ['Chilly Gonzales', 'Gonzales'],
  ["Ol' Dirty Bastard", 'ODB', 'Dirt McGirt', 'Osirus'],
  ['DIIV', 'Dive'],
  ['Sixto Rodriguez', 'Rodriguez'],
  ['Bush', 'Bush X'],
  ['Thee Oh Sees', 'Oh Sees', 'Osees', 'OCS'],
  ['Marina and the Diamonds', 'MARINA'],
  ['Christine and the Queens', 'Redcar'],
  ['A Silver Mt. Zion', 'Thee Silver Mt. Zion', 'Thee Silver Mt. Zion Memorial Orchestra'],
  ['Death From Above 1979', 'Death From Above'],
  ['Rhapsody', 'Rhapsody of Fire'],
  ['Slade', 'Ambrose Slade'],
  ['Rich Brian', 'Rich Chigga'],
  ['Khaled', 'Cheb Khaled'],
  ['TOMORROW X TOGETHER', 'TXT'],
  ['BTS', 'Bangtan Boys', 'Bangtan Sonyeondan'],
  ['TVXQ', 'Tohoshinki', 'DBSK', 'Dong Bang Shin Ki'],
  ["Girls' Generation", 'SNSD'],
  ['Beast', 'B2ST', 'Highlight'],
  ['(G)I-DLE', 'i-dle'],
  ['ZEROBASEONE', 'ZB1'],
  ['Tokyo Jihen', 'Tokyo Incidents'],
  ['X Japan', 'X'],
  ['Common', 'Common Sense'],
  ['The Notorious B.I.G.', 'Biggie Smalls', 'Biggie'],
  ['Dinosaur Jr.', 'Dinosaur'],
  ['Ghost', 'Ghost B.C.'],
  ['Laura Jane Grace', 'Tom Gabel'],
  ['Mina Caputo', 'Keith Caputo'],
  ["Sinéad O'Connor", "Shuhada' Sadaqat"],
].map((names) => new Set(names.map(toKey)))

/** Whether both keys are names that one artist has had. */
export function isRenamed(wanted: string, given: string): boolean {
  return RENAMED.some((names) => names.has(wanted) && names.has(given))
}
