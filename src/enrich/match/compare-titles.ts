import type { Product } from '../../album.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { compareForms, isSequel, type TitleKind } from './compare-forms.ts'
import { isKeyOf } from './compare-works.ts'
import { namesComposer } from './composers.ts'
import { isBareNote } from './edition-words.ts'
import { explainRest, isAnniversary, isNicknamedInNote } from './explain-rest.ts'
import { extraWords } from './extra-words.ts'
import { findDoubt, findFormula, findOtherSubtitle, haveOtherNumbers } from './find-doubts.ts'
import { isShortened } from './is-called-otherwise.ts'
import { isLiveAlready } from './is-live-already.ts'
import { BARE_LIVE, isMaybeExtra } from './is-maybe-extra.ts'
import { isOwnConcert } from './is-own-concert.ts'
import { isPair } from './is-pair.ts'
import { isRunOn } from './is-run-on.ts'
import { isMaybeNumbered, isOfOtherNamesake, isOtherNamesake, isSharedTitle } from './namesakes.ts'
import { findNickname } from './nicknames.ts'
import { toWords } from './normalize-text.ts'
import { findOtherRecord, type OtherRecord } from './other-record-words.ts'
import { otherSpellings } from './other-spellings.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear, YEARS_OF_DOUBT, yearsBetween } from './read-release-year.ts'
import { isBoxOfMany, type ReadTitle, readTitle } from './read-title.ts'
import { reconsiderTitle } from './reconsider-title.ts'
import { findOtherStaging } from './show-words.ts'
import { type Forms, mergeForms, toForms, toTitleWords } from './title-forms.ts'
import { uncensor } from './uncensor.ts'

/** How the product's title stands to the album's. */
export interface TitleMatch {
  kind: TitleKind
  reason: string
  /** A sign, in the words that only the product has, that it is another record. */
  other: OtherRecord | null
  /** What stands on one side only and may mean another record, in words for the editor; null: all is explained. */
  doubt: string | null
  /** What the product's title says about the pressing. */
  editions: string[]
}

/** `U2 Live "Under A Blood Red Sky"`: what stands in quotes is a title by itself. */
const QUOTED = /["“„«]([^"“”„«»]{1,200})["”“»]/g
const BONUS = /\S\s*\+ ?\d{1,2}\s*($|[([])/

/** Compares an album's title with a product's, with and without artist, subtitle and words about the pressing. */
export function compareTitles(album: AlbumTitle, product: Product): TitleMatch {
  return compareUncensored(album, product.title.includes('*') ? uncensor(album, product) : product)
}

function compareUncensored(album: AlbumTitle, product: Product): TitleMatch {
  const { names, forms: ours } = album
  const given = readTitle(product.title)
  const spelled = [given, ...otherSpellings(product.title).map(readTitle)]
  const theirs = mergeForms(spelled.map((title) => toForms(title, names)))
  const { editions } = given
  const extra = extraWords(album, product, given)
  // "At Fillmore East" is a concert, so "Live At Fillmore East" is no other record.
  const isSameConcert = extra === 'live' && /\blive (at|in|from) /.test(given.core)
  const isSaidAgain = extra !== '' && BARE_LIVE.test(extra) && isLiveAlready(album, product)
  const sign = isSameConcert || isSaidAgain ? null : findSign(extra, album, given, product)
  // Of a concert more may be said: "Bob Dylan Live 1966: The Royal Albert Hall Concert".
  const isConcertToo = sign?.kind === 'live' && (isConcert(album) || isOfItsYear(album, product))
  const isExtra =
    sign !== null &&
    (isConcertToo || isMaybeExtra(sign, extra, given, product, isBeside(album, given, product.title, sign.kind)))
  const told = { other: isExtra ? null : sign, editions }
  const answer = (kind: TitleKind, doubt: string | null = null): TitleMatch => ({
    kind,
    reason: REASONS[kind],
    ...told,
    doubt:
      doubt ??
      (isExtra ? `it has extras, or is ${sign.reason}` : null) ??
      (isSharedTitle(album) && isBoxOfMany(given) ? 'a box under such a title may hold several albums' : null) ??
      (isLiveAgain(album, given) ? 'it may be the same songs, live' : null) ??
      (kind === 'equal' && isRunOn(album, given) ? "the artist's name may be part of another title" : null),
  })
  const kind = compareForms(ours, theirs)
  // "Howlin' Wolf / Moanin' In The Moonlight" is two records, though one of them has the artist's name.
  const isWhole = ours.plain.some((form) => theirs.plain.includes(form))
  const isList = given.isList && !album.isList && !isCreditedTo(album, product.title) && !isAllNamed(album, given)
  if (isList && kind !== 'different' && (!isWhole || given.joinsSigns))
    return isPair(ours, product.title) || isOfWorks(album, product.title)
      ? { ...answer('extended'), reason: PAIR }
      : { ...answer('extended'), other: BUNDLE }
  // "With The Beatles" is not "The Beatles (The White Album)".
  const isSelfTitled = names.some((name) => name.join(' ') === toTitleWords(given.core).join(' '))
  const nickname = findNickname(album.artists, [...given.notes, ...given.editions])
  if (kind === 'contained' && isSelfTitled && nickname !== undefined)
    return { ...answer('different'), reason: NAMESAKE }
  if (kind === 'extended') {
    const rest = isSameConcert || isKeyOf(album, extra) ? 'equal' : explainRest(album, given, product, extra)
    return rest === 'other' ? { ...answer('different'), reason: 'the title only names the artist' } : answer(rest)
  }
  if (kind === 'sequel' && isAnniversary(album, given, product)) return answer('equal')
  if (kind === 'sequel' && (isMaybeNumbered(album, product) || isNicknamedInNote(album, given))) return answer('alike')
  // "Blue Train + 2" has as many songs more.
  if (kind === 'sequel' && BONUS.test(product.title.slice(0, MAX_TITLE))) return answer('extended')
  const staging = findOtherStaging(album, given.notes)
  if (staging !== null) return { ...answer('different'), reason: staging }
  if (kind === 'different') return answer(reconsiderTitle(album, given, product))
  if (kind === 'shortened') {
    const missing = findMissing(album, given, product)
    const ours = new Set([...album.nameWords, ...album.noted.all.flatMap(toTitleWords)])
    const subtitle = findOtherSubtitle(missing, given.notes, ours)
    if (subtitle !== null)
      return { ...answer('different'), reason: `it has a subtitle of its own: ${subtitle.slice(0, 80)}` }
    const words = [...new Set(missing)].join(' ').slice(0, 80)
    // "La Bohème (Querschnitt)" for "Puccini: La Bohème".
    if (words === '') return compareNotes(album, product, given, theirs, kind, answer)
    return answer(kind, `the album's title has "${words}", the product's has not`)
  }
  // Many albums of an artist have a title in the other script.
  if (kind === 'incomparable') return answer(kind, REASONS[kind])
  if (kind !== 'equal' && kind !== 'near') return answer(kind)
  if (isOtherNamesake(album, nickname)) return { ...answer('different'), reason: NAMESAKE }
  const doubt =
    nickname === undefined && isOfOtherNamesake(album, product) ? 'the artist made another of that name then' : null
  return doubt === null ? compareNotes(album, product, given, theirs, kind, answer) : answer(kind, doubt)
}

function findSign(extra: string, album: AlbumTitle, given: ReadTitle, product: Product): OtherRecord | null {
  const sign = findOtherRecord(extra)
  // Nor is a "New Year's Concert" another than the "Neujahrskonzert".
  if (sign?.kind === 'live' && (isOwnConcert(album, product) || (album.namesWork && isConcert(album)))) return null
  // "Greatest Hits Vol. 2 (GHV2)" has the album's title in brackets.
  return sign?.kind === 'compilation' && isShortened(album, given) ? null : sign
}

const NAMESAKE = "it is one with the artist's name for a title"

/** Of a classical record shops say "live" that a catalogue calls by work and players alone; what came out at another time is another. */
function isOfItsYear(album: AlbumTitle, product: Product): boolean {
  const years = yearsBetween(album.releaseYear, product)
  return isOfWorks(album, product.title) && years !== null && years <= YEARS_OF_DOUBT
}

/** "Pergolesi: Stabat Mater / Salve Regina", "Bellini: Norma / Callas, Corelli": of classical music works and players are listed. */
const isOfWorks = ({ isClassical, namesComposer: isNamed }: AlbumTitle, title: string) =>
  isClassical || isNamed || namesComposer(title)

/** Of "Schoenberg / Sibelius: Violin Concertos" by both of them the list is of names. */
function isCreditedTo({ nameWords }: AlbumTitle, title: string): boolean {
  const [credit = '', work] = title.slice(0, MAX_TITLE).split(':')
  // Without a work behind it a list of names may be one of records: "Elvis Presley / Elvis".
  return work !== undefined && credit.includes('/') && toTitleWords(credit).every((word) => nameWords.has(word))
}

/** "Cello Concerto / Sea Pictures" is the album "Cello Concerto; Sea Pictures": each part is of its title, and none a name alone. */
function isAllNamed({ known, nameWords }: AlbumTitle, { listed }: ReadTitle): boolean {
  const worded = listed.map((part) => toTitleWords(part).filter((word) => !nameWords.has(word)))
  return listed.length > 1 && worded.every((words) => words.length > 0 && words.every((word) => known.has(word)))
}

/** Whether the album's title is a part of its own in the product's; on a concert's title many albums may go on. */
function isBeside(
  { forms, names, isGeneric, known }: AlbumTitle,
  given: ReadTitle,
  title: string,
  sign: string,
): boolean {
  // "Gold: Greatest Hits" is what they call "ABBA Gold".
  if (isGeneric && !isConcert({ known }) && sign !== 'compilation') return false
  const quoted = [...title.slice(0, MAX_TITLE).matchAll(QUOTED)].map(([, text = '']) => text)
  if ([...given.segments, ...quoted].some((part) => forms.whole.includes(toTitleWords(part).join(' ')))) return true
  // "Get Yer Ya-Ya's Out! The Rolling Stones In Concert": the artist's name parts them as a dash would.
  const core = toTitleWords(given.core).join(' ')
  return forms.whole.some((form) => {
    const rest = core.startsWith(`${form} `) ? core.slice(form.length + 1).replace(/^the /, '') : ''
    return names.some((name) => `${rest} `.startsWith(`${name.join(' ').replace(/^the /, '')} `))
  })
}

/** "Live Through This (Live)": the title's own "live" is no concert's, which stands at the end or before the place. */
function isLiveAgain({ known, forms }: AlbumTitle, given: ReadTitle): boolean {
  return (
    known.has('live') &&
    given.notes.some((note) => BARE_LIVE.test(note)) &&
    !forms.whole.some((form) => /\blive( (at|in|from|on)\b|$)/.test(form) || form === 'live')
  )
}

const CONCERT = /^(live|concert|unplugged|vivo|directo|public)$|konzert$/

const isConcert = ({ known }: Pick<AlbumTitle, 'known'>) => [...known].some((word) => CONCERT.test(word))

/** "(2016 Version) (Vinyl)": where the pressing is described the year is its own, and by itself that of a recording. */
const isPressingOf = (note: string, { editions }: ReadTitle) =>
  editions.length > 0 && /^(19|20)\d\d version$/.test(note)

/** Of equal titles the notes decide: "Keeper Of The Seven Keys (Part 1)" and "(Part 2)". */
function compareNotes(
  album: AlbumTitle,
  product: Product,
  given: ReadTitle,
  theirs: Forms,
  kind: TitleKind,
  answer: (kind: TitleKind, doubt?: string | null) => TitleMatch,
): TitleMatch {
  const edition = product.edition === null ? null : readTitle(`x (${product.edition})`)
  const isTold = album.isGeneric || album.hasBareNote
  const noted = {
    // Of a concert "live" says nothing.
    notes: [
      ...given.notes.filter(
        (note) =>
          !(note === 'live' && isConcert(album)) &&
          !(BARE_LIVE.test(note) && isLiveAlready(album, product)) &&
          !isPressingOf(note, given),
      ),
      ...(isTold ? given.editions.filter(isBareNote) : []),
      ...(edition?.notes ?? []),
    ],
    all: [given.tailed, ...given.notes, ...given.editions, ...(edition?.notes ?? [])],
  }
  // The noted spellings are equal when one side has in brackets what the other has not.
  const isNotedEqual = album.noted.notes.length > 0 && album.forms.plain.some((form) => theirs.plain.includes(form))
  if (haveOtherNumbers(album.noted, noted)) return answer('sequel')
  if (
    noted.notes.length > 0 &&
    album.forms.plain.some((form) => theirs.plain.some((other) => isSequel(form, other) && !isNotedEqual))
  )
    return answer(isMaybeNumbered(album, product) ? 'alike' : 'sequel')
  const doubt = findDoubt(album.noted, noted, {
    names: new Set([
      ...album.nameWords,
      ...product.contributors.slice(0, MAX_NAMES).flatMap(({ name }) => toWords(name)),
    ]),
    artists: album.artists,
    releaseYear: album.releaseYear,
    productYear: readReleaseYear(product),
    isGeneric: album.isGeneric,
  })
  return answer(kind, doubt)
}

/** Of "Dune: Part Two" a product called "Dune" lacks what tells it; a composer may stand among the artists instead. */
function findMissing(album: AlbumTitle, given: ReadTitle, product: Product): string[] {
  const texts = [given.tailed, ...given.notes, ...given.editions]
  const told = new Set([
    ...texts.flatMap(toTitleWords),
    ...product.contributors.slice(0, MAX_NAMES).flatMap(({ name }) => toTitleWords(name)),
  ])
  const isFormula = findFormula(album.noted.all, texts)
  return album.noted.all
    .flatMap(toTitleWords)
    .filter((word) => !told.has(word) && !album.nameWords.has(word) && !isFormula(word))
}

const PAIR = 'it may be several records, or one with more titles'

const BUNDLE: OtherRecord = { kind: 'bundle', reason: 'several records in one', pattern: /\// }

const REASONS: Record<TitleKind, string> = {
  equal: 'the titles are equal',
  shortened: 'the titles are equal but for a subtitle',
  near: 'the titles differ by spelling',
  sequel: 'the titles are equal but for a number',
  extended: "the product's title goes on after the album's",
  contained: "the product's title is a part of the album's",
  alike: 'the titles share words',
  translated: 'the titles may be one in two languages',
  incomparable: 'the titles are in different scripts',
  different: 'the titles are different',
}
