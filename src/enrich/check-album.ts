import { EnrichmentError } from '../errors.ts'
import type { Album, AlbumImported } from '../events.ts'

/** PostgreSQL refuses to index much longer ones. */
const LONGEST_ID_BYTES = 1_000
/** The years 1 to 9999: beyond them a time is a fault, and PostgreSQL and JavaScript disagree how to write it. */
const TIMES = { first: Date.parse('0001-01-01T00:00:00Z'), last: Date.parse('9999-12-31T23:59:59Z') }

/**
 * The album of a decoded record.
 *
 * @throws EnrichmentError RECORD_INVALID that names the field, the value and the remedy
 */
export function checkAlbum(imported: AlbumImported): Album {
  const { albumId, title, artists, importedAt } = imported
  demand(albumId.trim() !== '', 'albumId', albumId, "put the importer's id of the album there")
  const idBytes = Buffer.byteLength(albumId)
  const shorter = `an id may have ${LONGEST_ID_BYTES} bytes, and this one has ${idBytes}: give the album a shorter one`
  demand(idBytes <= LONGEST_ID_BYTES, 'albumId', albumId, shorter)
  checkTime('importedAt', importedAt)
  demand(
    title.trim() !== '',
    'title',
    title,
    'an album without a title cannot be searched for: import it again with one',
  )
  demand(artists.length > 0, 'artists', artists, 'credit at least one artist and import the album again')
  const unnamed = artists.findIndex(({ name }) => name.trim() === '')
  demand(unnamed === -1, `artists[${unnamed}].name`, artists[unnamed]?.name, 'give the artist a name or leave it out')
  // PostgreSQL's text cannot hold this character, so such an album could be neither stored nor shown.
  demand(!JSON.stringify(imported).includes('\\u0000'), 'album', albumId, 'take the NUL character out of its texts')
  return imported
}

/** @throws EnrichmentError RECORD_INVALID for a number of milliseconds since 1970 that nobody can have meant */
export function checkTime(field: string, ms: number): void {
  demand(ms >= TIMES.first && ms <= TIMES.last, field, ms, 'give the time in milliseconds since 1970')
}

function demand(isTrue: boolean, field: string, value: unknown, remedy: string): void {
  if (isTrue) return
  throw new EnrichmentError('RECORD_INVALID', `${field} is ${JSON.stringify(value)?.slice(0, 200)}: ${remedy}`)
}
