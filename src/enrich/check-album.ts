import { EnrichmentError } from '../errors.ts'
import type { Album, AlbumImported } from '../events.ts'

/**
 * The album of a decoded record.
 *
 * @throws EnrichmentError RECORD_INVALID that names the field, the value and the remedy
 */
export function checkAlbum(imported: AlbumImported): Album {
  const { albumId, title, artists } = imported
  demand(albumId.trim() !== '', 'albumId', albumId, "put the importer's id of the album there")
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

function demand(isTrue: boolean, field: string, value: unknown, remedy: string): void {
  if (isTrue) return
  throw new EnrichmentError('RECORD_INVALID', `${field} is ${JSON.stringify(value)?.slice(0, 200)}: ${remedy}`)
}
