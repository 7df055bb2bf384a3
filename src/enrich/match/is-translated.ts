import { MAX_TITLE } from './bounds.ts'
import { numbersOf, readForeignNumber } from './fold-numbers.ts'
import { normalizeText } from './normalize-text.ts'
import { similarity } from './similarity.ts'
import { toTitleWords } from './title-forms.ts'

/** What a title shows of the language it is in. */
export interface Spoken {
  /** The title's core as title words, without the artists' names. */
  core: readonly string[]
  /** Words that say something, without articles before an apostrophe ("d'Amélie"). */
  telling: readonly string[]
  /** The languages that most of its known words are of; none where it has no such word. */
  languages: readonly string[]
  /** Whether it is surely not in English, by its words or its letters. */
  isForeign: boolean
}

/**
 * The small words of a language, then those that titles are full of; left out is what is as good a word of English ("a",
 * "no", "me"). A word may be of several.
 */
const WORDS: Record<string, string> = {
  en: `the of and my your you with for is are was this that it we from to his her our not she he its what when where
    at on like as love life heart night day man men woman world time song songs black white red blue deep dream
    dreams sky moon sun king queen little great story house home road city old new lost dead last first end`,
  de: `der die das des dem den ein eine einer eines einem und von vom zum zur mit ist nicht ich du wir ihr fur auf
    uber aus kein keine ins zwei liebe leben herz nacht mensch menschen welt zeit lied lieder schwarz blau tief
    traum himmel mond sonne konig kleine grosse haus stadt tod ende`,
  fr: `le la les l un une de des du d et aux sur dans pour avec je tu nous vous ses est pas que qui amour vie coeur
    nuit jour homme femme monde temps chanson chansons noir rouge bleu reve ciel lune soleil roi petit petite
    grande histoire maison ville mort trois deux`,
  it: `il gli la l di del della dei delle d un una e per con che nella cera amore vita cuore notte giorno uomo donna
    mondo tempo canzone canzoni nero rosso blu profondo sogno cielo luna sole grande piccolo storia storie casa
    citta morte tutte tutto tre`,
  es: `el la los las un una de del y con por para mi su que se mis mas amor vida corazon noche dia hombre mujer mundo
    tiempo cancion canciones negro rojo azul sueno cielo luna rey grande pequeno historia historias casa ciudad
    muerte todo todos nada`,
  pt: `os dos das uma de e com por para meu minha que amor vida coracao noite dia homem mulher mundo tempo cancao
    cancoes negro vermelho azul sonho ceu lua sol casa cidade morte tudo nada`,
  nordic: `och og det ett som pa jag inte med av eg vid karlek kaerlighed liv hjarta natt dag himmel svart drom sanger
    stad tid`,
}
const LANGUAGES = new Map<string, string[]>()
for (const [language, words] of Object.entries(WORDS))
  for (const word of words.split(/\s+/)) LANGUAGES.set(word, [...(LANGUAGES.get(word) ?? []), language])

/** Above, two titles of one artist are hardly two: "Computerwelt" and "Computer World"; below begin "Madman" and "Memoirs". */
const COGNATE_FROM = 0.75
const LENGTHS_FROM = 0.3
const COGNATE_LENGTH = 8
const STEM_LENGTH = 4
const STEM_SHARE = 0.6
/** Share of the words that begin alike from which a title of the same year is worth a look. */
const STEMS_FROM = 0.3

/**
 * @param core the title's, normalized
 * @param names words of the artists' names
 */
export function readLanguage(title: string, core: string, names: ReadonlySet<string>): Spoken {
  const isOwn = (word: string) => !names.has(word)
  const text = title.slice(0, MAX_TITLE).replace(NOTE, ' ')
  // "Die" is German whether of Die Ärzte or of their record.
  const words = normalizeText(text.replace(ELIDED, '$1 '))
    .split(' ')
    .filter((word, at) => at === 0 || isOwn(word))
  const counts = Map.groupBy(
    words.flatMap((word) => LANGUAGES.get(word) ?? []),
    (language) => language,
  )
  const most = Math.max(0, ...[...counts.values()].map(({ length }) => length))
  const languages = [...counts].flatMap(([language, { length }]) => (length === most ? [language] : []))
  const hasAccent = text.split(/[\s'’-]+/).some((word) => ACCENTED.test(word) && isOwn(normalizeText(word)))
  return {
    core: toTitleWords(core).filter(isOwn),
    telling: words.filter((word) => word.length > 3 || /^\d\d/.test(word)),
    languages,
    isForeign: !languages.includes('en') && (hasAccent || languages.length > 0),
  }
}

const NOTE = /[([{][^)\]}]*/g
/** Articles and the like that an apostrophe joins to the next word. */
const ELIDED = /\b(l|d|c|j|m|n|s|t|qu|dell|all|nell|sull|un)['’](?=[aeiouyhàâéèêîôûœ])/gi
/** Of the letters beyond ASCII those of Latin script. */
const ACCENTED = /[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]/

/**
 * Whether two titles of one artist may be one in two languages, which share no word that a rule could compare: "Die
 * Mensch-Maschine" and "The Man-Machine". What speaks for it is that they are in two languages, or in the same year and
 * partly alike. Numbers are the same in all of them.
 */
export function isTranslated(ours: Spoken, theirs: Spoken, isSameYear: boolean): boolean {
  const [shorter, longer] = [ours.core.length, theirs.core.length].sort((a, b) => a - b)
  if (!shorter || !longer || !haveSameNumbers(ours.core, theirs.core)) return false
  if (areCognate(ours.core, theirs.core) || isTurned(ours, theirs)) return true
  const areKnown = ours.languages.length > 0 && theirs.languages.length > 0
  const areTwo = areKnown && !ours.languages.some((language) => theirs.languages.includes(language))
  // Of one word few translations have four.
  if (areTwo && (isSameYear || shorter / longer >= LENGTHS_FROM)) return true
  return isSameYear && (ours.isForeign !== theirs.isForeign || shareStems(ours.telling, theirs.telling))
}

/** "Trois couleurs" and "Three Colors"; but for "Zwei glorreiche Halunken" another country counted none. */
function haveSameNumbers(ours: readonly string[], theirs: readonly string[]): boolean {
  const [left, right] = [numbersOf(ours).join(' '), numbersOf(theirs).join(' ')]
  const spelled = (words: readonly string[]) =>
    words.flatMap((word) => readForeignNumber(word, words.length === 1) ?? []).join(' ')
  // "¡Uno!", "¡Dos!": each is a number and nothing else.
  const [ourNumber, theirNumber] = [left || spelled(ours), right || spelled(theirs)]
  if (ours.length === 1 && theirs.length === 1 && ourNumber !== '' && theirNumber !== '')
    return ourNumber === theirNumber
  return left === right || (left === '' && spelled(ours) === right) || (right === '' && spelled(theirs) === left)
}

/** What differs begins alike: "Isolation Boulevard" answers "Desolation Boulevard". */
function areCognate(ours: readonly string[], theirs: readonly string[]): boolean {
  const [left, right] = [ours.join(''), theirs.join('')]
  const beginsAlike =
    left[0] === right[0] && (ours.length !== theirs.length || ours.every((word, at) => word[0] === theirs[at]?.[0]))
  return beginsAlike && Math.min(left.length, right.length) >= COGNATE_LENGTH && similarity(left, right) >= COGNATE_FROM
}

/** "Fijación oral" and "Oral Fixation": one is foreign, and each word of one has its like in the other, one of them whole. */
function isTurned(ours: Spoken, theirs: Spoken): boolean {
  if (ours.isForeign === theirs.isForeign || ours.core.length !== theirs.core.length || ours.core.length < 2)
    return false
  const begin = (word: string) => word.slice(0, 2)
  const sorted = (words: readonly string[]) => words.map(begin).sort().join(' ')
  const isWhole = (word: string) => word.length >= STEM_LENGTH && theirs.core.includes(word)
  return sorted(ours.core) === sorted(theirs.core) && ours.core.some(isWhole)
}

/** "Almas del silencio" and "Souls of Silence", "Amélie" and "Die fabelhafte Welt der Amélie". */
function shareStems(ours: readonly string[], theirs: readonly string[]): boolean {
  const shared = ours.filter((word) => theirs.some((other) => beginAlike(word, other)))
  return (2 * shared.length) / (ours.length + theirs.length) >= STEMS_FROM
}

function beginAlike(word: string, other: string): boolean {
  if (/^\d{2,}$/.test(word) && word === other) return true
  let shared = 0
  while (shared < word.length && word[shared] === other[shared]) shared++
  return shared >= Math.max(STEM_LENGTH, STEM_SHARE * Math.max(word.length, other.length))
}
