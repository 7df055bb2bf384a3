import type { Album, Product, ScorePart, Verdict } from '../../album.ts'
import { toPieces } from './artist-names.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { type ArtistMatch, compareArtists } from './compare-artists.ts'
import { compareFormats, type FormatMatch } from './compare-formats.ts'
import { compareTitles, type TitleMatch } from './compare-titles.ts'
import { findLaterNamesake } from './find-later-namesake.ts'
import { findMissingPart } from './find-missing-part.ts'
import { isAudiobook, isOneSeries } from './is-audiobook.ts'
import { isOneShow } from './is-one-show.ts'
import { isTransliterated } from './is-transliterated.ts'
import { toWords } from './normalize-text.ts'
import { type AlbumArtists, readAlbumArtists } from './read-album-artists.ts'
import { type AlbumTitle, readAlbumTitle } from './read-album-title.ts'
import { readReleaseYear, YEARS_OF_DOUBT } from './read-release-year.ts'
import { toTitleWords } from './title-forms.ts'
import { LONG_WORDS, whyLeaveOpen } from './why-leave-open.ts'

export interface Score {
  /** 0 (surely another product) to 1 (surely the album). */
  score: number
  parts: ScorePart[]
  verdict: Verdict
  /** The part that decided, in words for the editor. */
  reason: string
  /** Whether it is rejected as another kind of thing (a book, karaoke, a toaster): no model may accept it. */
  isVetoed: boolean
  /** Whether the rules know what it is instead: live, a tribute, the next volume. */
  isNamedOtherwise: boolean
}

/**
 * At or above: accepted. Reached only by an equal title together with the artist: measured over the labelled pairs,
 * below it live recordings and namesakes begin.
 */
export const ACCEPT_FROM = 0.8
/** Below: rejected. An equal title without a known artist, or a longer title by the artist, stays above and open. */
export const REJECT_BELOW = 0.5

const TITLE: Record<TitleMatch['kind'], number> = {
  equal: 0.5,
  shortened: 0.45,
  near: 0.45,
  sequel: -0.1,
  extended: 0.25,
  contained: 0.15,
  alike: 0.1,
  translated: 0.1,
  incomparable: 0.35,
  different: -0.1,
}
// One credited name of several is weaker: "Prince" for "Prince And The Revolution". A name that is only alike ("The
// Chicks" once were the Dixie Chicks; Prince Royce is not Prince) may not carry an equal title to acceptance.
const ARTIST: Record<ArtistMatch['kind'], number> = {
  same: 0.35,
  part: 0.3,
  alike: 0.1,
  incomparable: 0.15,
  unknown: 0.1,
  'in title': 0,
  various: -0.1,
  tribute: -0.6,
  different: -0.25,
}
const FORMAT: Record<FormatMatch['kind'], number> = { record: 0.1, unknown: 0.05, other: -0.9 }
const OTHER_RECORD = -0.6
/** What nothing explains keeps a product open: the score goes no higher, and no lower for it. */
const DOUBTED = 0.75
/** Signs that leave no room for an opinion, see other-record-words.ts. */
const OTHER_THINGS = new Set(['tribute', 'homage', 'merchandise', 'interview'])
const EDITION_NOTED = 0.05
/** A release before the album's first is another record ("BLACKsummers'night", "blackSUMMERS'night"), or one of two years is wrong. */
const TOO_EARLY = -0.1

/**
 * The rules for one album: a sum of parts, each with its reason, cut to 0 to 1. They reject for a reason that names what
 * the product is instead, and accept only when nothing on either side is unexplained. The album's side is read once.
 * Pure; never throws; the cost is bounded whatever the length of the texts.
 */
export function createScorer(album: Album): (product: Product) => Score {
  const albumTitle = readAlbumTitle(album)
  const albumArtists = readAlbumArtists(album)
  const isShared = albumTitle.isGeneric || albumTitle.isPlace
  return (product) => {
    const read = admitReading(compareTitles(albumTitle, product), albumArtists, product)
    const artist = reconsider(compareArtists(albumArtists, product, isShared), read, albumTitle, albumArtists, product)
    const title = admitHomage(read, artist, product)
    const format = compareFormats(product, () => isAudiobook(albumArtists, product))
    const parts: ScorePart[] = [
      { name: 'title', value: TITLE[title.kind], reason: title.reason },
      { name: 'artist', value: ARTIST[artist.kind], reason: artist.reason },
      { name: 'format', value: FORMAT[format.kind], reason: format.reason },
      ...judgeEdition(title, product),
      ...judgeYear(album, product, albumTitle.isGeneric ? 1 : YEARS_OF_DOUBT),
    ]
    const year = parts.find(({ name }) => name === 'year')
    const early = findEarlierYear(title, album)
    const doubt =
      title.doubt ??
      artist.doubt ??
      early ??
      findMissingPart(album, albumArtists, product) ??
      findLaterNamesake(title, album, albumTitle, albumArtists, product) ??
      year?.reason ??
      format.doubt
    const sum = toSum(parts)
    const isLow =
      sum < REJECT_BELOW &&
      (doubt === null || doubt === year?.reason || doubt === format.doubt) &&
      title.other === null &&
      format.kind !== 'other'
    const open = isLow ? whyLeaveOpen(title, artist, albumTitle, albumArtists, product) : null
    if (open !== null) parts.push({ name: 'doubt', value: round(REJECT_BELOW - sum), reason: open })
    else if (doubt !== null) parts.push({ name: 'doubt', value: round(Math.min(0, DOUBTED - sum)), reason: doubt })
    const score = round(Math.min(1, Math.max(0, toSum(parts))))
    const verdict = score >= ACCEPT_FROM ? 'accept' : score < REJECT_BELOW ? 'reject' : 'open'
    const isOtherThing =
      format.kind === 'other' ||
      artist.kind === 'tribute' ||
      (title.other !== null && OTHER_THINGS.has(title.other.kind))
    return {
      ...{ score, parts, verdict, reason: explain(verdict, parts) },
      isVetoed: verdict === 'reject' && isOtherThing,
      isNamedOtherwise: title.other !== null || title.kind === 'sequel' || artist.kind === 'tribute',
    }
  }
}

/** Artists are renamed, but hardly two give a long title to an album of theirs, or any title in the same year. */
function reconsider(
  artist: ArtistMatch,
  title: TitleMatch,
  album: AlbumTitle,
  artists: AlbumArtists,
  product: Product,
): ArtistMatch {
  const { acts } = artists
  if (title.kind === 'different' || title.other !== null) return artist
  if (isOneShow(artist, title, album, acts, product))
    return { ...artist, kind: 'alike', reason: `${artist.reason}, of a show or film that several make` }
  if ((artist.kind === 'different' || artist.kind === 'in title') && isOneSeries(artists, product))
    return { ...artist, kind: 'alike', reason: 'the series and its author are named for each other' }
  if (artist.kind !== 'different') return artist
  const isAlike = (words: readonly string[]) => acts.some((act) => isTransliterated(act.words, words))
  if (product.contributors.slice(0, MAX_NAMES).some(({ name }) => isAlike(toWords(name))))
    return { ...artist, kind: 'alike', reason: 'the artists sound alike' }
  if (album.length >= LONG_WORDS && isNamedForAlbum(album, product))
    return { ...artist, kind: 'alike', reason: 'the artist named has the name of the album' }
  if (title.kind !== 'equal' || album.isGeneric) return artist
  const year = album.releaseYear
  const isBare = title.doubt === null
  const why =
    (album.length >= LONG_WORDS ? 'under the same long title' : null) ??
    (isBare && year === null && album.length > 1 ? 'and no year tells the two apart' : null) ??
    (isBare && year !== null && year === readReleaseYear(product) ? 'with the same title in the same year' : null) ??
    (isOneForSeveral(acts, product) ? 'and one side names several where the other has one name' : null)
  return why === null ? artist : { ...artist, kind: 'alike', reason: `${artist.reason}, ${why}` }
}

/** A choir is called by the record that made it known: "Le Mystère des Voix Bulgares". */
function isNamedForAlbum({ forms }: AlbumTitle, { contributors }: Product): boolean {
  return contributors.slice(0, MAX_NAMES).some(({ name }) => forms.whole.includes(toTitleWords(name).join(' ')))
}

/** Jaylib are J Dilla & Madlib, and what four men sing as "Highwayman" is by The Highwaymen: not all such names are on a list. */
function isOneForSeveral(acts: AlbumArtists['acts'], { contributors }: Product): boolean {
  const count = (names: { name: string }[]) => names.reduce((sum, { name }) => sum + countNames(name), 0)
  const [ours, theirs] = [count(acts), count(contributors.slice(0, MAX_NAMES))]
  return (ours === 1 && theirs > 1) || (ours > 1 && theirs === 1)
}

/** "Swift, Taylor" is one. */
function countNames(name: string): number {
  const pieces = toPieces(name)
  return pieces.length === 2 && pieces[1]?.tie === ',' ? 1 : pieces.length
}

/** An album by a writer and a reader is a reading: one that names both of them is none for it to be held against. */
function admitReading(title: TitleMatch, artists: AlbumArtists, product: Product): TitleMatch {
  const { acts } = artists
  if (title.other?.kind !== 'interview') return title
  if (acts.length < 2) return isAudiobook(artists, product) ? { ...title, other: null } : title
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const told = new Set([product.title.slice(0, MAX_TITLE), ...names].flatMap(toWords))
  if (!acts.every(({ words }) => words.every((word) => told.has(word)))) return title
  return { ...title, other: null, doubt: title.doubt ?? 'it is read aloud by those whom the album names' }
}

/** "Ella Fitzgerald Sings The Cole Porter Songbook" is her own record of the songs of others. */
function admitHomage(title: TitleMatch, artist: ArtistMatch, { contributors }: Product): TitleMatch {
  const isByArtist = contributors.length > 0 && artist.kind === 'same' && artist.doubt === null
  if (title.other?.kind !== 'homage' || !isByArtist) return title
  return { ...title, other: null, doubt: title.doubt ?? 'it may be a tribute, or by the artist to somebody else' }
}

/** "Bach: Goldberg Variations (1955 Mono Version)" is none of 1982. */
function findEarlierYear({ editions }: TitleMatch, { title, releaseYear }: Album): string | null {
  if (releaseYear === null) return null
  const note = editions.find((edition) =>
    edition
      .match(/\b(19|20)\d\d\b/g)
      ?.some((year) => Number(year) < releaseYear - YEARS_OF_DOUBT && !title.includes(year)),
  )
  return note === undefined ? null : `"${note.slice(0, 80)}" is before the album (${releaseYear})`
}

/** As createScorer, for one product. */
export function scoreCandidate(album: Album, product: Product): Score {
  return createScorer(album)(product)
}

function toSum(parts: ScorePart[]): number {
  return parts.reduce((total, { value }) => total + value, 0)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

function judgeEdition(title: TitleMatch, product: Product): ScorePart[] {
  const parts: ScorePart[] = []
  if (title.other !== null)
    parts.push({ name: 'other record', value: OTHER_RECORD, reason: `it reads like ${title.other.reason}` })
  const edition = title.editions[0] ?? product.edition
  if (edition) parts.push({ name: 'edition', value: EDITION_NOTED, reason: `an edition: ${edition.slice(0, 80)}` })
  return parts
}

/** @param years by which sources may differ; of a title that many albums have less is told by it */
function judgeYear(album: Album, product: Product, years: number): ScorePart[] {
  const released = readReleaseYear(product)
  if (album.releaseYear === null || released === null) return []
  if (released >= album.releaseYear - years) return []
  return [
    { name: 'year', value: TOO_EARLY, reason: `released in ${released}, before the album (${album.releaseYear})` },
  ]
}

function explain(verdict: Verdict, parts: ScorePart[]): string {
  const doubt = parts.find(({ name }) => name === 'doubt')
  if (verdict === 'open' && doubt !== undefined) return doubt.reason
  const worst = parts.reduce((low, part) => (part.value < low.value ? part : low))
  // Where nothing speaks against it too little speaks for it.
  if (verdict === 'reject' && worst.value < 0) return worst.reason
  return parts
    .slice(0, 2)
    .map(({ reason }) => reason)
    .join('; ')
}
