import { EnrichmentError } from '../errors.ts'
import type { Album, AlbumImported } from '../events.ts'
import { isTime } from '../iso-time.ts'

/** PostgreSQL refuses to index much longer ones. */
const LONGEST_ID_BYTES = 1_000

/** The most that an album may have, far beyond any that was ever released. Ten ASINs cost one Amazon request. */
const MOST = {
  /** In characters. */
  title: 10_000,
  name: 2_000,
  text: 1_000,
  artists: 1_000,
  barcodes: 1_000,
  marketplaces: 100,
  /** Of all marketplaces together. */
  asins: 100,
}
const SHOWN = 200
/** No record is older. */
const FIRST_YEAR = 1860

/**
 * The album of a decoded record. A year that no album can have come out in is taken for unknown.
 *
 * @throws EnrichmentError RECORD_INVALID that names the field, the value and the remedy; with a limit, also the number
 */
export function checkAlbum(imported: AlbumImported): Album {
  const { albumId, title, artists, releaseYear, importedAt, barcodes, asins } = imported
  const { source, musicbrainzReleaseGroupId } = imported
  demand(albumId.trim() !== '', 'albumId', albumId, "put the importer's id of the album there")
  const idBytes = Buffer.byteLength(albumId)
  if (idBytes > LONGEST_ID_BYTES) {
    const shorter = `an id may have ${LONGEST_ID_BYTES} bytes, and this one has ${idBytes}: give the album a shorter one`
    refuse('albumId', albumId, shorter)
  }
  checkText('albumId', albumId, LONGEST_ID_BYTES)
  checkTime('importedAt', importedAt)
  demand(!isBlank(title), 'title', title, 'an album without a title cannot be searched for: import it again with one')
  checkText('title', title, MOST.title)
  demand(artists.length > 0, 'artists', artists, 'credit at least one artist and import the album again')
  demandFew('artists', artists.length, MOST.artists)
  const unnamed = artists.findIndex(({ name }) => isBlank(name))
  if (unnamed !== -1)
    refuse(`artists[${unnamed}].name`, artists[unnamed]?.name, 'give the artist a name or leave it out')
  for (const [index, { name, musicbrainzArtistId }] of artists.entries()) {
    checkText(() => `artists[${index}].name`, name, MOST.name)
    checkText(() => `artists[${index}].musicbrainzArtistId`, musicbrainzArtistId, MOST.text)
  }
  demandFew('barcodes', barcodes.length, MOST.barcodes)
  for (const [index, barcode] of barcodes.entries()) checkText(() => `barcodes[${index}]`, barcode, MOST.text)
  checkAsins(asins)
  checkText('source', source, MOST.text)
  checkText('musicbrainzReleaseGroupId', musicbrainzReleaseGroupId, MOST.text)
  const isKnownYear = releaseYear !== null && isReleaseYear(releaseYear)
  return { ...imported, releaseYear: isKnownYear ? releaseYear : null }
}

/** Whether an album came out in this year, or is announced for the next one. Amazon's years have a bound of their own, see readReleaseYear. */
const isReleaseYear = (year: number) => year >= FIRST_YEAR && year <= new Date().getUTCFullYear() + 1

/** Whether nobody can see anything of it: zero-width spaces and joiners, byte order marks and soft hyphens show nothing. */
const isBlank = (text: string) => !/[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text)

/** Whether an album can have this id. */
export function isAlbumId(id: string): boolean {
  return id.trim() !== '' && Buffer.byteLength(id) <= LONGEST_ID_BYTES && !id.includes('\0')
}

function checkAsins(asins: Album['asins']): void {
  const lists = Object.entries(asins)
  demandFew('asins', lists.length, MOST.marketplaces)
  demandFew('asins, all marketplaces together,', lists.flatMap(([, list]) => list).length, MOST.asins)
  for (const [marketplace, list] of lists) {
    checkText('a marketplace of asins', marketplace, MOST.text)
    for (const [index, asin] of list.entries()) checkText(() => `asins.${cut(marketplace)}[${index}]`, asin, MOST.text)
  }
}

/** @throws EnrichmentError RECORD_INVALID for a number of milliseconds since 1970 that nobody can have meant */
export function checkTime(field: string, ms: number): void {
  demand(isTime(ms), field, ms, 'give the time in milliseconds since 1970')
}

/** Every text of every album: what would be said of one is put together only when it is said. */
function checkText(field: string | (() => string), text: string | null, most: number): void {
  if (text === null) return
  const { length } = text
  if (length > most) refuse(field, text, `it has ${length} characters, and ${most} are allowed: shorten it`)
  // PostgreSQL's text cannot hold this character, so such an album could be neither stored nor shown.
  if (text.includes('\0')) refuse(field, text, 'take the NUL character out of it')
}

function demandFew(field: string, count: number, most: number): void {
  if (count <= most) return
  const message = `${field} has ${count} entries, and ${most} are allowed: import the album with fewer`
  throw new EnrichmentError('RECORD_INVALID', message)
}

function demand(isTrue: boolean, field: string, value: unknown, remedy: string): void {
  if (!isTrue) refuse(field, value, remedy)
}

function refuse(field: string | (() => string), value: unknown, remedy: string): never {
  const name = typeof field === 'string' ? field : field()
  // Cut before it is written as JSON, too: that takes its time with a long one.
  const shown = typeof value === 'string' ? cut(value) : value
  throw new EnrichmentError('RECORD_INVALID', `${name} is ${cut(JSON.stringify(shown) ?? 'missing')}: ${remedy}`)
}

/** By whole characters. */
const cut = (text: string) =>
  Array.from(text.slice(0, 2 * SHOWN))
    .slice(0, SHOWN)
    .join('')
