import { isStrongEditionWord } from './edition-words.ts'
import { numbersOf } from './fold-numbers.ts'
import { isNickname } from './nicknames.ts'
import { YEARS_OF_DOUBT } from './read-release-year.ts'
import { IS_CAST } from './show-words.ts'
import { IS_SOUNDTRACK, isOfOneMedium, isSoundtrackNote, MEDIUM, SOUNDTRACK } from './soundtrack-words.ts'
import { toTitleWords } from './title-forms.ts'

const BARE_SOUNDTRACK = /^(the )?(original )?((video )?game )?(soundtrack|ost)$/
/** Words that say nothing by themselves. */
const FILLERS = new Set('a an and the of by with in on from for to as at its version edition'.split(' '))
const CAST = new Set('original cast recording album of the'.split(' '))
/** How a best-of is described: of use in a catalogue, left out at will by shops. */
const BEST_OF = new Set('best of the very hits greatest collection songs singles and by a'.split(' '))

/** One side's notes and all that side's words, normalized. */
export interface Noted {
  notes: readonly string[]
  all: readonly string[]
}

/** What the words of a title may be explained by. */
interface Known {
  /** Words of the album's artists. */
  names: ReadonlySet<string>
  /** Keys of the album's artists, see toKey. */
  artists: readonly string[]
  releaseYear: number | null
  productYear: number | null
  /** The album bears its artist's name, or a name that many albums bear: then a note is all that tells it. */
  isGeneric: boolean
}

/**
 * What stands in the notes of one side and is explained by nothing: not by the other side, the artist, the pressing or
 * the year. Null when nothing is left. The words of a note that the other side has anywhere are explained.
 */
export function findDoubt(album: Noted, product: Noted, known: Known): string | null {
  const isFormula = findFormula(album.all, product.all)
  const isOfCast = known.artists.some((key) => IS_CAST.test(key))
  const explain = (notes: readonly string[], other: ReadonlySet<string>) =>
    notes.flatMap((note) => {
      const words = toTitleWords(note)
      if (/^featuring /.test(note) && !/\bcast\b/.test(note)) return []
      const left = words.filter(
        (word) =>
          !(other.has(word) || FILLERS.has(word) || known.names.has(word) || isFormula(word)) &&
          // "Original Broadway Cast Of Hamilton" need not say so twice.
          !(isOfCast && CAST.has(word)),
      )
      // "Original Motion Picture Soundtrack / 2LP" against "Soundtrack".
      const isRest = left.length < words.length && left.every((word) => isStrongEditionWord(word))
      return left.length === 0 || isRest ? [] : [{ words: left, note }]
    })
  const ours = new Set(album.all.flatMap(toTitleWords))
  const theirs = new Set(product.all.flatMap(toTitleWords))

  // Of one title and one year there are not often two records, the one with the film's music.
  const years = Math.abs((known.releaseYear ?? Number.NaN) - (known.productYear ?? Number.NaN))
  // Songs come a second time with a film, its whole music does not.
  const isOfFilm = (note: string) =>
    isSoundtrackNote(note) && (years === 0 || (years <= YEARS_OF_DOUBT && BARE_SOUNDTRACK.test(note)))
  const extra = explain(product.notes, ours).find(
    ({ words, note }) =>
      !isOfFilm(note) && !isYear(words, known.releaseYear) && !isNickname(known.artists, words, known.releaseYear),
  )
  if (extra !== undefined) return `"${extra.note.slice(0, 80)}" is not explained`
  const missing = explain(album.notes, theirs).find(({ words, note }) => {
    if (isOfFilm(note) || isYear(words, known.productYear)) return false
    if (isNickname(known.artists, words, known.productYear) || isCredit(note, known.names)) return false
    const isDescribed = words.every((word) => BEST_OF.has(word)) && toTitleWords(note).some((word) => BEST_OF.has(word))
    return !(isDescribed && !known.isGeneric)
  })
  return missing === undefined ? null : `the album has "${missing.note.slice(0, 80)}", the product has not`
}

/**
 * The words that say nothing when both sides are of a film, or both of a cast. But the songs of a film are one record,
 * its score is another.
 */
export function findFormula(ours: readonly string[], theirs: readonly string[]): (word: string) => boolean {
  const [ourText, theirText] = [ours.join(' '), theirs.join(' ')]
  const isSoundtrack = IS_SOUNDTRACK.test(ourText) && IS_SOUNDTRACK.test(theirText)
  const isCast = IS_CAST.test(ourText) && IS_CAST.test(theirText)
  const isScoreToo = /\bscore\b/.test(ourText) === /\bscore\b/.test(theirText)
  const isOneMedium = isOfOneMedium(ourText, theirText)
  return (word) =>
    (isSoundtrack && SOUNDTRACK.has(word) && (isOneMedium || !MEDIUM.test(word)) && (isScoreToo || word !== 'score')) ||
    (isCast && CAST.has(word))
}

/** "An Observation By King Crimson" says whose it is, which shops leave to the artist's name. */
function isCredit(note: string, names: ReadonlySet<string>): boolean {
  const [, by] = / by (.+)$/.exec(note) ?? []
  return by !== undefined && toTitleWords(by).every((word) => names.has(word))
}

/** Whether it is the year of the release: festivals and samplers have one title for years. */
function isYear(words: readonly string[], year: number | null): boolean {
  const [first, ...others] = words.filter(
    (word) => !/^(digital|stereo|mono|analog|studio|recordings?|original|concept|album)$/.test(word),
  )
  if (others.length > 0 || !/^(19|20)\d\d$/.test(first ?? '')) return false
  return year !== null && Number(first) === year
}

/** "Part 1" against "Part 2", "LP2" against "LP3", "1975-85" against "1999-2000": numbers on both sides, and others. */
export function haveOtherNumbers(album: Noted, product: Noted): boolean {
  const [ours, theirs] = [album, product].map(({ notes }) => notes.flatMap((note) => numbersOf(toTitleWords(note))))
  if (ours === undefined || theirs === undefined || ours.length === 0 || theirs.length === 0) return false
  return !ours.some((number) => theirs.includes(number))
}

/**
 * The subtitle that the product has instead of the album's, or null: "The Two Towers" for "The Fellowship Of The Ring".
 * Of one word each they may be labels or misspelled, and no reason to reject.
 *
 * @param missing words that only the album has
 * @param notes the product's, normalized
 */
export function findOtherSubtitle(
  missing: readonly string[],
  notes: readonly string[],
  ours: ReadonlySet<string>,
): string | null {
  const telling = (words: readonly string[]) =>
    words.filter((word) => !FILLERS.has(word) && !SOUNDTRACK.has(word) && !isStrongEditionWord(word))
  if (telling(missing).length < 2) return null
  return (
    notes.find((note) => {
      const words = telling(toTitleWords(note))
      return words.length >= 2 && !words.some((word) => ours.has(word))
    }) ?? null
  )
}
