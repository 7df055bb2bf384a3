import { similarity, wordOverlap } from './similarity.ts'
import type { Forms } from './title-forms.ts'

/** How one title stands to another, from the nearest to the farthest. */
export type TitleKind = 'equal' | 'shortened' | 'near' | 'sequel' | 'extended' | 'alike' | 'different'

/** Above: a misspelling of the same title. Below it are sequels and near-namesakes. */
const NEAR_FROM = 0.82
/** From here a person would look twice; two words of three in common are still another album of the artist. */
const ALIKE_FROM = 0.7
/** Shorter titles have too few letters for likeness to mean anything ("Red", "Reds"). */
const NEAR_MIN_LENGTH = 6
/** Only long titles are cut short by Amazon or a scraper. */
const CUT_MIN_LENGTH = 16

/** Share of a longer title's words from which ours may be its subject. */
const PART_FROM = 1 / 3
/** In long titles one word more or less is a matter of spelling ("I'm Not", "I Am Not"). */
const LONG_LENGTH = 24
const LONG_NEAR_FROM = 0.94

export function compareForms(ours: Forms, theirs: Forms): TitleKind {
  if (ours.whole.some((form) => theirs.whole.includes(form) || theirs.plain.includes(form))) return 'equal'
  if (ours.short.some((form) => theirs.whole.includes(form))) return 'shortened'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isNear(ourForm, form)))) return 'near'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isSequel(ourForm, form)))) return 'sequel'
  if (theirs.short.some((form) => ours.whole.includes(form))) return 'extended'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isExtended(ourForm, form)))) return 'extended'
  const overlap = Math.max(
    ...ours.whole.flatMap((ourForm) =>
      theirs.whole.map((form) => wordOverlap(tellingWords(ourForm), tellingWords(form))),
    ),
  )
  return overlap >= ALIKE_FROM ? 'alike' : 'different'
}

/** Goes on after our title, or holds it as a good part: "AM" is no part worth a look of a title of nine words. */
function isExtended(ours: string, theirs: string): boolean {
  if (` ${theirs} `.startsWith(` ${ours} `)) return true
  return ` ${theirs} `.includes(` ${ours} `) && ours.split(' ').length / theirs.split(' ').length >= PART_FROM
}

/**
 * Misspelled or cut short, with the same numbers: "Volume 1" is near to "Volume 2" by letters only. Words that differ
 * begin alike: people mistype the middle of a word, and "Isolation Boulevard" answers "Desolation Boulevard".
 */
function isNear(ours: string, theirs: string): boolean {
  if (Math.min(ours.length, theirs.length) < NEAR_MIN_LENGTH) return false
  if (numbersOf(ours) !== numbersOf(theirs)) return false
  if (ours.replaceAll(' ', '') === theirs.replaceAll(' ', '')) return true
  if (theirs.length >= CUT_MIN_LENGTH && ours.startsWith(theirs) && ours.length - theirs.length <= 3) return true
  const likeness = similarity(ours, theirs)
  if (ours.length >= LONG_LENGTH && likeness >= LONG_NEAR_FROM) return true
  const left = ours.split(' ')
  const right = theirs.split(' ')
  if (left.length !== right.length || likeness < NEAR_FROM) return false
  return left.every((word, index) => word[0] === right[index]?.[0])
}

const NUMBERS = /\d+|\b(i{1,3}|iv|vi{0,3}|ix|x|one|two|three|four|five)\b/g

function numbersOf(text: string): string {
  return (text.match(NUMBERS) ?? []).join(' ')
}

/**
 * "Santana" and "Santana III", "My World" and "My World 2.0". A year may be an edition's and a larger number its age
 * ("Thriller 25"): they say nothing.
 */
function isSequel(ours: string, theirs: string): boolean {
  const [left, right] = [ours, theirs].map((text) => text.replace(NUMBERS, '').replace(/\b(volume|part)\b|\s+/g, ''))
  if (left !== right || left === '' || numbersOf(ours) === numbersOf(theirs)) return false
  return !/\b([2-9]\d|(19|20)\d\d)\b/.test(`${ours} ${theirs}`)
}

/** Words that many titles share. */
const FILLERS = new Set(
  'a an of in on at to for my your i is it from by original motion picture soundtrack music inspired film'.split(' '),
)

function tellingWords(form: string): string[] {
  const words = form.split(' ')
  const telling = words.filter((word) => !FILLERS.has(word))
  return telling.length > 0 ? telling : words
}
