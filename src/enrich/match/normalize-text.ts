import { simplifyHan } from './han-variants.ts'
import { remember } from './remember.ts'

/** Longest text that is looked at. Amazon's own limit is a few hundred; a longer title is somebody's experiment. */
const MAX_LENGTH = 600

/** Letters that Unicode does not take apart into a base letter and a mark. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ə: 'e',
  ħ: 'h',
  ŧ: 't',
}

/** One spelling per word, so that "Pt. II" of one source equals "Part 2" of another. */
const SPELLINGS = new Map(
  Object.entries({
    pt: 'part',
    vol: 'volume',
    bros: 'brothers',
    feat: 'featuring',
    ft: 'featuring',
    saint: 'st',
    sankt: 'st',
    senor: 'sr',
    senora: 'sra',
    mademoiselle: 'mlle',
    madame: 'mme',
    street: 'st',
    road: 'rd',
    mount: 'mt',
    doctor: 'dr',
    mister: 'mr',
    avenue: 'ave',
    boulevard: 'blvd',
    sergeant: 'sgt',
    captain: 'capt',
    versus: 'vs',
    qrt: 'quartet',
    qt: 'quartet',
    orch: 'orchestra',
    ork: 'orchestra',
    sym: 'symphony',
    symph: 'symphony',
    sinfonie: 'symphony',
    symphonie: 'symphony',
    sinfonia: 'symphony',
    xmas: 'christmas',
    tonite: 'tonight',
    nite: 'night',
    thru: 'through',
    tha: 'the',
    n: 'and',
    colour: 'color',
    coloured: 'color',
    colored: 'color',
    obc: 'original broadway cast',
    obcr: 'original broadway cast recording',
    nbcr: 'new broadway cast recording',
    olc: 'original london cast',
    olcr: 'original london cast recording',
  }),
)

/**
 * Text as people mean it: lower case, no accents, no punctuation, one space between words, `&` and `+` as "and".
 * Initials become one word ("R.E.M." and "R E M" are "rem"). A text of symbols only ("÷", "( )") keeps its symbols,
 * or it would equal every other one.
 */
export const normalizeText = remember(normalize)

function normalize(text: string): string {
  const lower = toPlain(text.slice(0, MAX_LENGTH))
  const plain = SEPARATED.test(lower) ? lower.replace(THOUSANDS, '') : lower
  const words = dropSigns(plain.includes('drei ') ? nameDetectives(plain) : plain)
  if (words === '' || words === 'and') return plain.replace(/[\s\p{C}]+/gu, '')
  const parted = words.split(' ')
  return joinInitials(LETTER_BEFORE_DIGIT.test(words) ? parted.flatMap(splitNumber) : parted)
    .map((word) => SPELLINGS.get(word) ?? word)
    .join(' ')
}

/** "10,000 Days", "10 000 Hz Legend", "1,039"; "Symphonies 99,100" are two. */
const THOUSANDS = /(?<=\b\d{1,3})[., ](?=000\b)|(?<=\b[1-9])[.,](?=\d{3}\b)/g
const SEPARATED = /\d[., ]\d{3}/
const LETTER_BEFORE_DIGIT = /\p{L}\d/u
/** What one shop writes in two words and another in one. */
const TWO_WORDS = /\b(sound|song) (track|book)\b/g
const QUOTES = /['’‘ʼ´`]/
const JOINING = /[&+!$]/
const ASCII = /^[ -~]*$/

/** Most titles are plain: what they do not hold is not looked for. */
function dropSigns(text: string): string {
  let words = text
  // "Rock'n'Roll".
  if (QUOTES.test(words)) words = words.replace(/['’‘]n['’‘]/g, ' and ').replace(/['’‘ʼ´`]/g, '')
  if (JOINING.test(words))
    words = words
      .replace(/[&+]/g, ' and ')
      // P!nk.
      .replace(/(?<=\p{L})!(?=\p{L})/gu, 'i')
      // A$AP, Ke$ha.
      .replace(/\$(?=\p{L})|(?<=\p{L})\$/gu, 's')
  words = words.replace(ASCII.test(words) ? /[^a-z0-9]+/g : /[^\p{L}\p{N}]+/gu, ' ').trim()
  return words.includes('d track') || words.includes('g book') ? words.replace(TWO_WORDS, '$1$2') : words
}

/** In one sign: "8½" is "8 1/2". */
const FRACTION = /[\u00bc-\u00be\u2150-\u215e]/g

/** "B♭ major" is no B major; "F♯ A♯ ∞" is written with other signs as well. */
const KEY_SIGN = /[♭♯](?=[ -]?m(aj|in)or)/gi

/** Lower case without accents. */
function toPlain(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return simplifyHan(text)
    .replace(FRACTION, ' $&')
    .replace(KEY_SIGN, (sign) => (sign === '♭' ? ' flat' : ' sharp'))
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđðłþıəħŧ]/g, (letter) => LETTERS[letter] ?? letter)
}

/** "Die drei ???" and "Die drei !!!" are two series of audio plays. */
function nameDetectives(text: string): string {
  return text.replace(/(?<=\bdrei )(\?{3}|!{3})/g, (signs) => (signs === '???' ? 'fragezeichen' : 'ausrufezeichen'))
}

/** Of normalized text: "Fuer immer" is "Für immer", whose marks are gone by now. */
export const foldUmlauts = (text: string): string => text.replace(/([aou])e/g, '$1')

/** "Blueprint2" is "Blueprint 2"; "U2", "M83" and "180g" are whole. */
function splitNumber(word: string): string[] {
  const [, letters, digits] = /^(\p{L}{4,40})(\d{1,2})$/u.exec(word) ?? []
  if (letters !== undefined && digits !== undefined) return [letters, digits]
  return DISGUISED.test(word) ? [word.replace(/[013457]/g, (digit) => DISGUISES[digit] ?? digit)] : [word]
}

/** "Th1rt3en", "L1ve": digits that stand for letters, each between two of them. */
const DISGUISED = /^(?=.{4,20}$)\p{L}+([013457]\p{L}+)+$/u
const DISGUISES: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 'v' }

/** The words of a text without those that sources put or leave out at will ("The Clash", "Clash, The", "A Night At The Opera"). */
export const toWords: (text: string) => readonly string[] = remember(readWords)

function readWords(text: string): readonly string[] {
  const words = normalizeText(text).split(' ').filter(Boolean)
  const telling = words.filter(
    (word, index) => word !== 'the' && word !== 'and' && !(index === 0 && (word === 'a' || word === 'an')),
  )
  return telling.length > 0 ? telling : words
}

function joinInitials(words: string[]): string[] {
  const joined: string[] = []
  let inInitials = false
  for (const word of words) {
    const initial = word.length <= 2 && /^\p{L}$/u.test(word)
    if (initial && inInitials) joined[joined.length - 1] += word
    else joined.push(word)
    inInitials = initial
  }
  return joined
}
