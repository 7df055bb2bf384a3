import { z } from 'zod'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { AlbumImported } from '../events.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { publishRecords } from '../kafka/publish-records.ts'
import type { RecordCodec } from '../kafka/schema-registry.ts'

// Only what encoding needs: whether the album makes sense is for intake to say, to every importer alike.
const artist = z.object({ name: z.string(), musicbrainzArtistId: z.string().nullable().default(null) })
const albumLine = z.strictObject({
  albumId: z.union([z.string(), z.int().transform(String)]),
  title: z.string(),
  artists: z.array(artist),
  releaseYear: z.int().nullable().default(null),
  barcodes: z.array(z.string()).default([]),
  asins: z.record(z.string(), z.array(z.string())).default({}),
  musicbrainzReleaseGroupId: z.string().nullable().default(null),
  hasPrimaryImage: z.boolean().default(false),
  importedAt: z.int().default(() => Date.now()),
  source: z.string().default(''),
})

/**
 * Reads albums, one JSON object a line with the fields of album.imported; what has a default may be left out.
 *
 * @throws EnrichmentError RECORD_INVALID naming line, field and what it wants
 */
export function parseAlbums(jsonLines: string): AlbumImported[] {
  const lines = jsonLines.split('\n').map((text, index) => ({ text, number: index + 1 }))
  return lines.filter(({ text }) => text.trim() !== '').map(({ text, number }) => parseAlbum(text, number))
}

function parseAlbum(text: string, number: number): AlbumImported {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new EnrichmentError('RECORD_INVALID', `line ${number} is not JSON: ${String(error)}`, { cause: error })
  }
  const parsed = albumLine.safeParse(json)
  if (parsed.success) return parsed.data
  throw new EnrichmentError('RECORD_INVALID', `line ${number}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`)
}

/** So few that what is uncertain after a failure can be published twice: each costs requests to Amazon. */
const ALBUMS_AT_ONCE = 1_000

/**
 * Publishes albums to the importer's topic, in their order.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, REGISTRY_UNAVAILABLE, Kafka's refusals; with how many stand in the topic
 */
export async function publishAlbums(
  kafka: Kafka,
  topic: string,
  codec: RecordCodec<AlbumImported>,
  albums: AlbumImported[],
): Promise<void> {
  for (let from = 0; from < albums.length; from += ALBUMS_AT_ONCE) {
    const some = albums.slice(from, from + ALBUMS_AT_ONCE)
    try {
      const records = some.map(async (album) => ({ topic, key: album.albumId, value: await codec.encode(album) }))
      await publishRecords(kafka, await Promise.all(records))
    } catch (error) {
      const { code, message } = toEnrichmentError(error)
      const account = `the first ${from} of ${albums.length} albums are published, of the next ${some.length} perhaps some`
      throw new EnrichmentError(code, `${message}; ${account}`, { cause: error })
    }
  }
}
