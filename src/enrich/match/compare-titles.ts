import type { Album, Product } from '../../album.ts'
import { toKey } from './artist-names.ts'
import { compareForms, isSequel, type TitleKind } from './compare-forms.ts'
import { isPartOfProgramme, nameOneWork } from './compare-works.ts'
import { isComposer } from './composers.ts'
import { isBareNote, isEditionWord } from './edition-words.ts'
import { findDoubt, findFormula, findOtherSubtitle, haveOtherNumbers, type Noted } from './find-doubts.ts'
import { isGenericTitle } from './is-generic-title.ts'
import { BARE_LIVE, isMaybeExtra } from './is-maybe-extra.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { findOtherRecord, type OtherRecord } from './other-record-words.ts'
import { readSymbols } from './read-symbols.ts'
import { type ReadTitle, readTitle } from './read-title.ts'
import { type Forms, toForms, toTitleWords } from './title-forms.ts'

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

/** An album's title, read once for all products. */
export interface AlbumTitle {
  names: (readonly string[])[]
  /** See toKey. */
  artists: string[]
  /** Words of the artists' names. */
  nameWords: ReadonlySet<string>
  /** Normalized words that are the album's own, not those of another record. */
  known: ReadonlySet<string>
  forms: Forms
  noted: Noted
  releaseYear: number | null
  /** Whether a colour or a country in brackets tells it from others. */
  hasBareNote: boolean
  /** Whether a composer is among the artists: works are called otherwise in each language. */
  isClassical: boolean
  /** Whether it names one: "Sibelius: Violin Concerto". */
  namesComposer: boolean
  /** Whether many albums bear it: the artist's name, "Greatest Hits". */
  isGeneric: boolean
  /** Whether it is so long that hardly another artist has it. */
  isLong: boolean
}

/** What is beyond is not looked at, so that the cost is bounded. */
const MAX_TITLE = 600
const MAX_NAMES = 10
const LONG_WORDS = 3

export function readAlbumTitle(album: Album): AlbumTitle {
  const names = album.artists.slice(0, MAX_NAMES).map(({ name }) => toTitleWords(name))
  const wanted = album.title
    .slice(0, MAX_TITLE)
    .split(/\s=\s/)
    .slice(0, 4)
    .flatMap((title) => [title, ...readSymbols(title)])
    .map(readCatalogueTitle)
  // A catalogue tells albums by a colour, not pressings.
  const notes = wanted.flatMap((title) => [...title.notes, ...title.editions.filter(isBareNote)])
  return {
    names,
    artists: album.artists.slice(0, MAX_NAMES).map(({ name }) => toKey(name)),
    nameWords: new Set(names.flat()),
    known: new Set([
      ...normalizeText(album.title).split(' '),
      ...names.flat(),
      ...album.artists.slice(0, MAX_NAMES).flatMap(({ name }) => toWords(name)),
    ]),
    forms: merge(wanted.map((title) => toForms(title, names))),
    noted: {
      notes,
      all: [...wanted.map(({ tailed }) => tailed), ...notes, ...wanted.flatMap(({ editions }) => editions)],
    },
    releaseYear: album.releaseYear,
    hasBareNote: wanted.some(({ editions }) => editions.some(isBareNote)),
    isClassical: album.artists.slice(0, MAX_NAMES).some(({ name }) => isComposer(toWords(name))),
    namesComposer: normalizeText(album.title)
      .split(' ')
      .some((word) => isComposer([word])),
    isLong: toTitleWords(wanted[0]?.core ?? '').length >= LONG_WORDS,
    isGeneric: isGenericTitle(toTitleWords(wanted[0]?.core ?? ''), new Set(names.flat())),
  }
}

/** Compares an album's title with a product's, with and without artist, subtitle and words about the pressing. */
export function compareTitles(album: AlbumTitle, product: Product): TitleMatch {
  const { names, forms: ours } = album
  const given = readTitle(product.title)
  const theirs = merge([given, ...readSymbols(product.title).map(readTitle)].map((title) => toForms(title, names)))
  const { editions } = given
  const extra = extraWords(album, product, given)
  // "At Fillmore East" is a concert, so "Live At Fillmore East" is no other record.
  const isSameConcert = extra === 'live' && /\blive (at|in|from) /.test(given.core)
  const sign = isSameConcert ? null : findOtherRecord(extra)
  // Of a concert more may be said: "Bob Dylan Live 1966: The Royal Albert Hall Concert".
  const isConcertToo = sign?.kind === 'live' && CONCERT_WORDS.some((word) => album.known.has(word))
  const isExtra = sign !== null && (isConcertToo || isMaybeExtra(sign, extra, given, product, isBeside(album, given)))
  const told = { other: isExtra ? null : sign, editions }
  const answer = (kind: TitleKind, doubt: string | null = null): TitleMatch => ({
    kind,
    reason: REASONS[kind],
    ...told,
    doubt:
      doubt ??
      (isExtra ? `it has extras, or is ${sign.reason}` : null) ??
      (isLiveAgain(album, given) ? 'it may be the same songs, live' : null),
  })
  const kind = compareForms(ours, theirs)
  // "Howlin' Wolf / Moanin' In The Moonlight" is two records, though one of them has the artist's name.
  const isWhole = ours.plain.some((form) => theirs.plain.includes(form))
  if (given.isList && kind !== 'different' && (!isWhole || given.joinsSigns))
    return isPair(album, product) ? answer('extended', PAIR) : { ...answer('extended'), other: BUNDLE }
  if (kind === 'extended' && isSameConcert) return answer('equal')
  if (kind === 'extended') {
    // A leftover of colours is no other record: "Trench Yellow/Green Limited Edition Colored Vinyl".
    const words = extra.split(' ').filter(Boolean)
    if (editions.length > 0 && words.every((word) => isEditionWord(word) && !/^\d+$/.test(word))) return answer('equal')
    // After an artist's name comes the name of another record: "Buena Vista Social Club At Carnegie Hall".
    const core = toTitleWords(given.core)
    // "Fleet Foxes + Sun Giant" is the album with an EP.
    const isJoined =
      product.title.slice(0, MAX_TITLE).includes('+') &&
      names.some((name) => `${normalizeText(given.core)} `.startsWith(`${name.join(' ')} and `))
    // "Rage Against The Machine - XX" is as old as that.
    const rest = core.length - (/^([2-9]\d|100)$/.test(core.at(-1) ?? '') ? 1 : 0)
    if (!isJoined && names.some((name) => ours.whole.includes(name.join(' ')) && rest > name.length))
      return { ...answer('different'), reason: 'the title only names the artist' }
    return answer(kind)
  }
  // "WACR2 Fleetwood Mac's Rumours": all but a word or two is artist and title.
  if (kind === 'different' && isWithin(album, given)) return answer('extended')
  if (kind === 'different' && album.isClassical && nameOneWork(album, given)) return answer('alike')
  if (kind === 'different' && (album.isClassical || album.namesComposer) && isPartOfProgramme(album, given))
    return answer('alike')
  // "Le Fabuleux Destin d'Amélie Poulain (Amelie)".
  if (
    kind === 'different' &&
    given.notes.length > 0 &&
    !album.isGeneric &&
    given.notes.some((note) => isTitle(album, note))
  )
    return answer('alike')
  if (kind === 'shortened') {
    const missing = findMissing(album, given, product)
    const subtitle = findOtherSubtitle(missing, given.notes, new Set(album.noted.all.flatMap(toTitleWords)))
    if (subtitle !== null)
      return { ...answer('different'), reason: `it has a subtitle of its own: ${subtitle.slice(0, 80)}` }
    const words = [...new Set(missing)].join(' ').slice(0, 80)
    return answer(kind, words === '' ? null : `the album's title has "${words}", the product's has not`)
  }
  if (kind !== 'equal' && kind !== 'near') return answer(kind)
  return compareNotes(album, product, given, theirs, kind, answer)
}

/** Whether the album's title is a part of its own in the product's; on a concert's title many albums may go on. */
function isBeside({ forms, names, isGeneric, known }: AlbumTitle, given: ReadTitle): boolean {
  if (isGeneric && !CONCERT_WORDS.some((word) => known.has(word))) return false
  if (given.segments.some((segment) => forms.whole.includes(toTitleWords(segment).join(' ')))) return true
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

const CONCERT_WORDS = 'live concert unplugged konzert vivo directo public'.split(' ')
const MAX_STRANGE_WORDS = 2

function isWithin({ forms, nameWords, isGeneric }: AlbumTitle, given: ReadTitle): boolean {
  const words = toTitleWords(given.core)
  if (isGeneric || !words.some((word) => nameWords.has(word))) return false
  const text = ` ${words.join(' ')} `
  return forms.plain.some((form) => {
    const rest = text.replace(` ${form} `, ' ').trim().split(' ')
    return (
      text.includes(` ${form} `) &&
      rest.filter((word) => !nameWords.has(word.replace(/s$/, '')) && !nameWords.has(word)).length <= MAX_STRANGE_WORDS
    )
  })
}

const isTitle = ({ forms }: AlbumTitle, text: string) => forms.whole.includes(toTitleWords(text).join(' '))

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
    notes: [...given.notes, ...(isTold ? given.editions.filter(isBareNote) : []), ...(edition?.notes ?? [])],
    all: [given.tailed, ...given.notes, ...given.editions, ...(edition?.notes ?? [])],
  }
  // The noted spellings are equal when one side has in brackets what the other has not.
  const isNotedEqual = album.noted.notes.length > 0 && album.forms.plain.some((form) => theirs.plain.includes(form))
  if (haveOtherNumbers(album.noted, noted)) return answer('sequel')
  if (
    noted.notes.length > 0 &&
    album.forms.plain.some((form) => theirs.plain.some((other) => isSequel(form, other) && !isNotedEqual))
  )
    return answer('sequel')
  const year = Number(/^\d{4}/.exec(product.releaseDate ?? '')?.[0] ?? Number.NaN)
  const doubt = findDoubt(album.noted, noted, {
    names: new Set([
      ...album.nameWords,
      ...product.contributors.slice(0, MAX_NAMES).flatMap(({ name }) => toWords(name)),
    ]),
    artists: album.artists,
    releaseYear: album.releaseYear,
    productYear: Number.isNaN(year) ? null : year,
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

const PAIR = 'it may be two records, or one with a second title'

/** "Trans-Europa Express / Trans-Europe Express": of two titles one is ours, the other may be it in another language. */
function isPair({ forms }: AlbumTitle, product: Product): boolean {
  const [first, second, ...others] = product.title
    .slice(0, MAX_TITLE)
    .replace(/[([].*$/, '')
    .split(/\s\/\s/)
    .map((title) => toTitleWords(readTitle(title).core).join(' '))
  if (first === undefined || second === undefined || others.length > 0) return false
  return forms.whole.includes(first) !== forms.whole.includes(second)
}

const BUNDLE: OtherRecord = { kind: 'bundle', reason: 'several records in one', pattern: /\// }

const REASONS: Record<TitleKind, string> = {
  equal: 'the titles are equal',
  shortened: 'the titles are equal but for a subtitle',
  near: 'the titles differ by spelling',
  sequel: 'the titles are equal but for a number',
  extended: "the product's title goes on after the album's",
  contained: "the product's title is a part of the album's",
  alike: 'the titles share words',
  incomparable: 'the titles are in different scripts',
  different: 'the titles are different',
}

/** In a catalogue the words at the end are the title's: "The Marshall Mathers LP 2" has no two discs. */
function readCatalogueTitle(title: string): ReadTitle {
  const read = readTitle(title)
  return { ...read, core: read.tailed, segments: read.segments.length === 1 ? [read.tailed] : read.segments }
}

/** What the product says and the album's title does not: there other records give themselves away. */
function extraWords({ known }: AlbumTitle, product: Product, given: ReadTitle): string {
  const formats = [product.edition ?? '', ...product.formats.slice(0, 10)].map(normalizeText)
  return [given.tailed, ...given.notes, ...formats]
    .join(' ')
    .split(' ')
    .filter((word) => word !== '' && !known.has(word) && !(word === 'mtv' && known.has('unplugged')))
    .join(' ')
}

function merge(forms: Forms[]): Forms {
  return {
    plain: forms.flatMap(({ plain }) => plain),
    whole: forms.flatMap(({ whole }) => whole),
    short: forms.flatMap(({ short }) => short),
  }
}
