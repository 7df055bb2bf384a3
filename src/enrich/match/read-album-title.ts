import type { Album } from '../../album.ts'
import { toKey } from './artist-names.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { isComposer, namesComposer } from './composers.ts'
import { isBareNote } from './edition-words.ts'
import type { Noted } from './find-doubts.ts'
import { isGenericTitle } from './is-generic-title.ts'
import { readLanguage, type Spoken } from './is-translated.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { otherSpellings } from './other-spellings.ts'
import { type ReadTitle, readTitle } from './read-title.ts'
import { type Forms, mergeForms, toForms, toTitleWords } from './title-forms.ts'
import { namesWork } from './work-names.ts'

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
  spoken: Spoken
  releaseYear: number | null
  /** Whether a colour or a country in brackets tells it from others. */
  hasBareNote: boolean
  /** Whether a composer is among the artists: works are called otherwise in each language. */
  isClassical: boolean
  /** Whether it names one: "Sibelius: Violin Concerto". */
  namesComposer: boolean
  /** Whether it is that of a work which has one in each language: "Schwanensee". */
  namesWork: boolean
  /** Whether many albums bear it: the artist's name, "Greatest Hits". */
  isGeneric: boolean
  /** Whether it is no more than the place of a concert: "Live At The Apollo". */
  isPlace: boolean
  /** Whether it is an artist's name. */
  isSelfTitled: boolean
  /** Whether it lists several things itself: "Isis / Melvins". */
  isList: boolean
  /** Title words of its core: the more, the fewer artists have it. */
  length: number
}

export function readAlbumTitle(album: Album): AlbumTitle {
  const names = album.artists.slice(0, MAX_NAMES).map(({ name }) => toTitleWords(name))
  const wanted = album.title
    .slice(0, MAX_TITLE)
    .split(/\s=\s/)
    .slice(0, 4)
    .flatMap((title) => [title, ...otherSpellings(title)])
    .map(readCatalogueTitle)
  // A catalogue tells albums by a colour, not pressings.
  const notes = wanted.flatMap((title) => [...title.notes, ...title.editions.filter(isBareNote)])
  const core = toTitleWords(wanted[0]?.core ?? '')
  const nameWords = new Set(names.flat())
  const forms = mergeForms(wanted.map((title) => toForms(title, names)))
  return {
    names,
    artists: album.artists.slice(0, MAX_NAMES).map(({ name }) => toKey(name)),
    nameWords,
    known: new Set([
      ...normalizeText(album.title)
        .replace(/\b(lp|ep)(\d)/g, '$1 $2 $&')
        .split(' '),
      ...names.flat(),
      ...album.artists.slice(0, MAX_NAMES).flatMap(({ name }) => toWords(name)),
    ]),
    forms,
    noted: {
      notes,
      all: [...wanted.map(({ tailed }) => tailed), ...notes, ...wanted.flatMap(({ editions }) => editions)],
    },
    spoken: readLanguage(album.title, wanted[0]?.core ?? '', nameWords),
    releaseYear: album.releaseYear,
    hasBareNote: wanted.some(({ editions }) => editions.some(isBareNote)),
    isClassical: album.artists.slice(0, MAX_NAMES).some(({ name }) => isComposer(toWords(name))),
    namesComposer: namesComposer(album.title),
    namesWork: forms.plain.some(namesWork),
    isPlace: wanted.some(({ core }) => /^live (at|in|from|on) /.test(core)),
    isSelfTitled: names.some((name) => name.join(' ') === core.join(' ')),
    isList: wanted.some(({ isList }) => isList),
    length: core.length,
    isGeneric: isGenericTitle(core, nameWords),
  }
}

/** In a catalogue the words at the end are the title's: "The Marshall Mathers LP 2" has no two discs. */
function readCatalogueTitle(title: string): ReadTitle {
  const read = readTitle(title)
  return { ...read, core: read.tailed, segments: read.segments.length === 1 ? [read.tailed] : read.segments }
}
