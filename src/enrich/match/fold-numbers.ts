/** English numerals; in titles they stand for digits as often as not ("Volume Six", "Vol. 6"). */
const NUMERALS = indexOf(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
)
const TENS = new Map(
  'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ').map((word, index) => [word, 20 + 10 * index]),
)
const ORDINALS = indexOf(
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth',
)
/** Of other languages, where a word like "part" leaves no doubt: "once" is eleven in Spanish only. */
const FOREIGN = new Map(
  [
    'uno dos tres cuatro cinco seis siete ocho nueve diez',
    'un deux trois quatre cinq six sept huit neuf dix',
    'eins zwei drei vier funf sechs sieben acht neun zehn',
    'uno due tre quattro cinque sei sette otto nove dieci',
    'um dois tres quatro cinco seis sete oito nove dez',
  ].flatMap((line) => line.split(' ').map((word, index): [string, number] => [word, index + 1])),
)

/** Words that announce a number, in one spelling. An empty one is left out: "Illusion, Vol. II" is "Illusion II". */
const KEYWORDS = new Map(
  Object.entries({
    part: '',
    parts: '',
    parte: '',
    partie: '',
    teil: '',
    volume: '',
    volumes: '',
    vols: '',
    volumen: '',
    tome: '',
    tomo: '',
    no: '',
    nos: '',
    nr: '',
    number: '',
    numero: '',
    nummer: '',
    num: '',
    op: 'opus',
    opus: 'opus',
    season: 'season',
    staffel: 'season',
    saison: 'season',
    temporada: 'season',
    folge: '',
    episode: 'episode',
    chapter: 'chapter',
    chapters: 'chapter',
    kapitel: 'chapter',
    chapitre: 'chapter',
    capitulo: 'chapter',
    book: 'book',
    books: 'book',
    livre: 'book',
    libro: 'book',
    buch: 'book',
    heft: 'book',
    act: 'act',
    phase: 'phase',
    disc: 'disc',
  }),
)
const GLUED = /^(volume|vol|v|part|pt|no|nr|op)(\d{1,4})$/

/** In form only: "mix" is a Roman 1009 and "di" is Italian, hence the bounds in `readRoman`. */
const ROMAN = /^m{0,3}(cm|cd|d?c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})$/
const ROMAN_VALUES: Record<string, number> = { i: 1, v: 5, x: 10, l: 50, c: 100, d: 500, m: 1000 }

/**
 * Words with their numbers in digits, so that "Pt. II", "Part Two" and "2" are one number, and any two different ones
 * are not. A single "I", "V" or "X" is a number at the end of a title or after a word like "part" only.
 *
 * @param words normalized words, see toWords
 */
export function foldNumbers(words: readonly string[]): string[] {
  const split = joinTens(
    completeYears(words)
      .flatMap(splitCounted)
      .flatMap((word) => {
        const [, keyword, digits] = GLUED.exec(word) ?? []
        return keyword === undefined || digits === undefined ? [word] : [SHORT[keyword] ?? keyword, digits]
      }),
  )
  const folded: string[] = []
  for (let at = 0; at < split.length; at++) {
    const word = split[at] ?? ''
    const keyword = KEYWORDS.get(word)
    const next = readNumber(split[at + 1] ?? '', true, true)
    if (keyword !== undefined && next !== null) {
      if (keyword !== '') folded.push(keyword)
      folded.push(String(next))
      at++
      continue
    }
    const isLast = at > 0 && word.length === 1 && (at === split.length - 1 || AFTER_TITLE.test(split[at + 1] ?? ''))
    folded.push(foldWord(word, folded.at(-1), isLast))
  }
  return folded
}

/** "85-92" is "1985-1992", where no works are counted. */
function completeYears(words: readonly string[]): readonly string[] {
  const isSpan = (at: number) =>
    Number(words[at]) < Number(words[at + 1]) && /^[5-9]\d [5-9]\d$/.test(`${words[at]} ${words[at + 1]}`)
  const from = words.findIndex((_word, at) => isSpan(at))
  if (from <= 0 || words.slice(0, from).some((word) => WORKS.test(word))) return words
  return words.map((word, at) => (at === from || at === from + 1 ? `19${word}` : word))
}

const WORKS = /^(no|nos|op|opus|volume|part|symph|sinfon|sonat|quartet|concert|cantata|kantat)/

/** Where a title ends, though words go on: "Final Fantasy X Original Soundtrack". */
const AFTER_TITLE = /^(original|soundtrack|ost|score|deluxe|remaster|remastered)$/

/** What is counted in Japanese and Chinese titles is written without spaces: "第二章" is "第2章", "交響曲第9番" has a nine. */
const COUNTED = /第([一二三四五六七八九十]{1,3}|\d{1,4})/

function splitCounted(word: string): string[] {
  const [whole, number] = COUNTED.exec(word) ?? []
  if (whole === undefined || number === undefined) return [word]
  const at = word.indexOf(whole)
  const digits = /\d/.test(number) ? number : String(readKanji(number))
  return [word.slice(0, at), digits, word.slice(at + whole.length)].filter((part) => part !== '')
}

function readKanji(number: string): number {
  const [tens = '', units = ''] = number.includes('十') ? number.split('十') : ['', number]
  const ten = number.includes('十') ? 10 * (tens === '' ? 1 : KANJI.indexOf(tens)) : 0
  return ten + (units === '' ? 0 : KANJI.indexOf(units))
}

const KANJI = '〇一二三四五六七八九'

/** "Thirty-one" is one number, and so is the year "nineteen eighty-four". */
function joinTens(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [at, word] of words.entries()) {
    const century = CENTURIES.get(words[at - 1] ?? '')
    const decade = TENS.get(word) ?? NUMERALS.get(word) ?? 0
    if (century !== undefined && decade >= 10) {
      joined[joined.length - 1] = String(century * 100 + decade)
      continue
    }
    const year = CENTURIES.get(words[at - 2] ?? '')
    const last = NUMERALS.get(word) ?? 0
    if (year !== undefined && TENS.has(words[at - 1] ?? '') && last > 0 && last < 10) {
      joined[joined.length - 1] = String(Number(joined.at(-1)) + last)
      continue
    }
    const tens = TENS.get(joined.at(-1) ?? '')
    const unit = NUMERALS.get(word) ?? (tens !== undefined && /^[1-9]$/.test(word) ? Number(word) : 0)
    if (tens !== undefined && unit > 0 && unit < 10) joined[joined.length - 1] = String(tens + unit)
    else joined.push(word)
  }
  return joined
}

/** Words with their English numerals in digits and nothing else folded, as of names: "Seven Mary Three", "21 Pilots". */
export function foldNumerals(words: readonly string[]): readonly string[] {
  if (!words.some((word) => NUMERALS.has(word) || TENS.has(word))) return words
  return joinTens(words).map((word) => String(NUMERALS.get(word) ?? TENS.get(word) ?? word))
}

/** What years in words begin with. */
const CENTURIES = new Map([
  ['seventeen', 17],
  ['eighteen', 18],
  ['nineteen', 19],
  ['twenty', 20],
])

const SHORT: Record<string, string> = { vol: 'volume', v: 'volume', pt: 'part' }

function foldWord(word: string, before: string | undefined, isLast: boolean): string {
  const ordinal = ORDINALS.get(word) ?? readRomanOrdinal(word)
  if (ordinal !== null) return toOrdinal(ordinal)
  // "1975-85" is "1975-1985".
  if (/^\d\d$/.test(word) && /^(19|20)\d\d$/.test(before ?? '') && Number(word) > Number(before?.slice(2)))
    return `${before?.slice(0, 2)}${word}`
  // "Number Ones", "Number 1's".
  return word === 'ones' ? '1s' : String(readNumber(word, isLast) ?? word)
}

const toOrdinal = (number: number) =>
  `${number}${number > 10 && number < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')}`

/** "The IVth Crusade". */
function readRomanOrdinal(word: string): number | null {
  const [, letters = ''] = ROMAN_ORDINAL.exec(word) ?? []
  const number = readRoman(letters, true)
  return number !== null && toOrdinal(number) === `${number}${word.slice(letters.length)}` ? number : null
}

/** "Ist" is German. */
const ROMAN_ORDINAL = /^([vx]|[ivx]{2,7})(?:st|nd|rd|th)$/

/**
 * @param isPlace whether a single letter is a number here
 * @param isAnnounced whether a numeral of another language is one
 */
function readNumber(word: string, isPlace: boolean, isAnnounced = false): number | null {
  if (/^\d{1,6}$/.test(word)) return Number(word)
  const known = NUMERALS.get(word) ?? TENS.get(word) ?? (isAnnounced ? FOREIGN.get(word) : undefined)
  return known ?? readRoman(word, isPlace)
}

function readRoman(word: string, isPlace: boolean): number | null {
  if (word === '' || word.length > 12 || !ROMAN.test(word)) return null
  if (word.length === 1 && !(isPlace && /[ivx]/.test(word))) return null
  if (/[cdm]/.test(word) && word.length < 4) return null
  if (/^(li|lv|xl|lx)$/.test(word)) return null
  const values = [...word].map((letter) => ROMAN_VALUES[letter] ?? 0)
  return values.reduce((sum, value, at) => sum + (value < (values[at + 1] ?? 0) ? -value : value), 0)
}

/**
 * A numeral of another language where nothing announces it.
 *
 * @param isWhole whether it is all of a title: elsewhere "one" is an article in most of them
 */
export function readForeignNumber(word: string, isWhole = false): number | null {
  const number = FOREIGN.get(word) ?? 0
  return number > (isWhole ? 0 : 1) ? number : null
}

/** The numbers among folded words, in order, as text: also that of "lp3" and "2nd". */
export function numbersOf(words: readonly string[]): string[] {
  return words.flatMap((word) => /^(?:lp|cd|ep|s)?(\d{1,6})(?:st|nd|rd|th)?$/.exec(word)?.[1] ?? [])
}

function indexOf(words: string): Map<string, number> {
  return new Map(words.split(' ').map((word, index) => [word, index]))
}
