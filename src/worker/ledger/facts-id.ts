import { createHash } from 'node:crypto'
import { knownAsins } from '../../enrich/known-asins.ts'
import type { Album } from '../../events.ts'

const FORM = '3:'

/**
 * Fingerprint of the facts that paid answers hang on: what is searched for, compared, and told to the model. When an
 * album was imported, or from where, what it is to MusicBrainz or on other marketplaces, changes no answer.
 */
export function toFactsId(album: Album, marketplace: string): string {
  const { title, artists, releaseYear, barcodes } = album
  const names = artists.map(({ name }) => name)
  return FORM + hash([title, names, releaseYear, barcodes, knownAsins(album, marketplace)])
}

/**
 * Whether answers that were stored under an id are answers for these facts.
 *
 * @param album as PostgreSQL has it: a build before 2026-11 hashed all of it as it stands there
 */
export function isAbout(factsId: string, album: Album, marketplace: string): boolean {
  const isOurs = factsId.startsWith(FORM)
  return factsId === (isOurs ? toFactsId(album, marketplace) : hash(Object.entries(album).toSorted()))
}

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url')
