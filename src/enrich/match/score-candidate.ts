import type { Album, Product, ScorePart, Verdict } from '../../album.ts'
import { type ArtistMatch, compareArtists, readAlbumArtists } from './compare-artists.ts'
import { compareFormats, type FormatMatch } from './compare-formats.ts'
import { type AlbumTitle, compareTitles, readAlbumTitle, type TitleMatch } from './compare-titles.ts'

export interface Score {
  /** 0 (surely another product) to 1 (surely the album). */
  score: number
  parts: ScorePart[]
  verdict: Verdict
  /** The part that decided, in words for the editor. */
  reason: string
  /** Whether it is rejected as another kind of thing (a book, karaoke, a toaster): no model may accept it. */
  isVetoed: boolean
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
const OTHER_THINGS = new Set(['tribute', 'merchandise', 'interview'])
const EDITION_NOTED = 0.05
/** A release before the album's first is another record, or one of two years is wrong. */
const TOO_EARLY = -0.1
/** Sources differ by a year or two about first releases. */
const YEARS_OF_DOUBT = 2

/**
 * The rules for one album: a sum of parts, each with its reason, cut to 0 to 1. They reject for a reason that names what
 * the product is instead, and accept only when nothing on either side is unexplained. The album's side is read once.
 * Pure; never throws; the cost is bounded whatever the length of the texts.
 */
export function createScorer(album: Album): (product: Product) => Score {
  const albumTitle = readAlbumTitle(album)
  const albumArtists = readAlbumArtists(album)
  return (product) => {
    const title = compareTitles(albumTitle, product)
    const artist = reconsider(compareArtists(albumArtists, product, albumTitle.isGeneric), title, albumTitle, product)
    const format = compareFormats(product)
    const parts: ScorePart[] = [
      { name: 'title', value: TITLE[title.kind], reason: title.reason },
      { name: 'artist', value: ARTIST[artist.kind], reason: artist.reason },
      { name: 'format', value: FORMAT[format.kind], reason: format.reason },
      ...judgeEdition(title, product),
      ...judgeYear(album, product),
    ]
    const year = parts.find(({ name }) => name === 'year')
    const doubt = title.doubt ?? artist.doubt ?? (year !== undefined && albumTitle.isGeneric ? year.reason : null)
    const sum = toSum(parts)
    if (doubt !== null) parts.push({ name: 'doubt', value: round(Math.min(0, DOUBTED - sum)), reason: doubt })
    // Neither names what it is instead: a cut title beside initials is no reason to reject.
    else if (isTwiceNear(title, artist) && format.kind !== 'other' && sum < REJECT_BELOW)
      parts.push({ name: 'doubt', value: round(REJECT_BELOW - sum), reason: `${title.reason}, and ${artist.reason}` })
    const score = round(Math.min(1, Math.max(0, toSum(parts))))
    const verdict = score >= ACCEPT_FROM ? 'accept' : score < REJECT_BELOW ? 'reject' : 'open'
    const isOtherThing =
      format.kind === 'other' ||
      artist.kind === 'tribute' ||
      (title.other !== null && OTHER_THINGS.has(title.other.kind))
    return { score, parts, verdict, reason: explain(verdict, parts), isVetoed: verdict === 'reject' && isOtherThing }
  }
}

function isTwiceNear(title: TitleMatch, artist: ArtistMatch): boolean {
  const isNear = title.kind === 'extended' || title.kind === 'contained' || title.kind === 'alike'
  return isNear && title.other === null && (artist.kind === 'alike' || artist.kind === 'incomparable')
}

/** Artists are renamed, but hardly two give a long title to an album of theirs, or any title in the same year. */
function reconsider(artist: ArtistMatch, title: TitleMatch, album: AlbumTitle, product: Product): ArtistMatch {
  if (artist.kind !== 'different' || title.kind !== 'equal' || title.other !== null || album.isGeneric) return artist
  const isSameYear =
    title.doubt === null &&
    album.releaseYear !== null &&
    product.releaseDate?.startsWith(String(album.releaseYear)) === true
  if (!album.isLong && !isSameYear) return artist
  const why = album.isLong ? 'under the same long title' : 'with the same title in the same year'
  return { ...artist, kind: 'alike', reason: `${artist.reason}, ${why}` }
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

function judgeYear(album: Album, product: Product): ScorePart[] {
  const released = Number(/^\d{4}/.exec(product.releaseDate ?? '')?.[0] ?? Number.NaN)
  // Amazon has 1900 and the like for unknown years.
  if (album.releaseYear === null || !(released > 1910)) return []
  if (released >= album.releaseYear - YEARS_OF_DOUBT) return []
  return [
    { name: 'year', value: TOO_EARLY, reason: `released in ${released}, before the album (${album.releaseYear})` },
  ]
}

function explain(verdict: Verdict, parts: ScorePart[]): string {
  const doubt = parts.find(({ name }) => name === 'doubt')
  if (verdict === 'open' && doubt !== undefined) return doubt.reason
  if (verdict !== 'reject')
    return parts
      .slice(0, 2)
      .map(({ reason }) => reason)
      .join('; ')
  const worst = parts.reduce((low, part) => (part.value < low.value ? part : low))
  return worst.reason
}
