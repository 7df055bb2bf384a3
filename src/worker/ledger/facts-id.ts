import { createHash } from 'node:crypto'
import type { Album } from '../../events.ts'

const FORM = '2:'

/**
 * Fingerprint of the facts that paid answers hang on: what is searched for, compared, and told to the model. When an
 * album was imported, or from where, changes no answer.
 */
export function toFactsId({ title, artists, releaseYear, barcodes, asins }: Album): string {
  const credits = artists.map(({ name, musicbrainzArtistId }) => [name, musicbrainzArtistId])
  return FORM + hash([title, credits, releaseYear, barcodes, Object.entries(asins).toSorted()])
}

/**
 * Whether answers that were stored under an id are answers for these facts.
 *
 * @param album as PostgreSQL has it: a build before 2026-11 hashed all of it as it stands there
 */
export function isAbout(factsId: string, album: Album): boolean {
  return factsId === (factsId.startsWith(FORM) ? toFactsId(album) : hash(Object.entries(album).toSorted()))
}

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url')
