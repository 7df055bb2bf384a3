import { randomUUID } from 'node:crypto'
import { ALL_STAGES } from '../album.ts'
import type { Config } from '../config.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { findForgotten, timeRequest } from '../db/forgotten.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import { publishRecords } from '../kafka/publish-records.ts'
import { readLag } from '../kafka/read-lag.ts'
import { readTopic } from '../kafka/read-topic.ts'
import type { Servers } from './set-up.ts'

export interface Requested {
  albumId: string
  requestId: string
}

/**
 * Asks for albums to be enriched now, through express. Their facts come from the table of albums, else from the newest
 * request for them that still stands in album.enrichment. All or none: nothing is sent when one of them is unknown.
 *
 * @throws EnrichmentError RECORD_INVALID naming the unknown ids; KAFKA_, REGISTRY_ or DATABASE_UNAVAILABLE
 */
export async function requestEnrichment(
  config: Config<'kafka'>,
  { kafka, db }: Omit<Servers, 'registry'>,
  codecs: EventCodecs,
  albumIds: string[],
): Promise<Requested[]> {
  const topics = topicNames(config)
  const requestedAt = await timeRequest(db)
  const rows = await db.query((em) => em.find(AlbumRow, { albumId: { $in: albumIds } }))
  const facts = new Map(rows.map((row) => [row.albumId, row.facts]))
  const unknown = new Set(albumIds.filter((albumId) => !facts.has(albumId)))
  if (unknown.size > 0) {
    const waiting = [...(await findWaiting(kafka, topics.enrichment, codecs, unknown)).values()]
    const forgotten = await findForgotten(db, waiting)
    for (const request of waiting) if (!forgotten.has(request)) facts.set(request.album.albumId, request.album)
  }
  const missing = albumIds.filter((albumId) => !facts.has(albumId))
  if (missing.length > 0) {
    const imported = await findImported(config, kafka, new Set(missing))
    const unknown = missing.filter((albumId) => !imported.has(albumId))
    const why = [
      ...(imported.size > 0
        ? [`album ${[...imported].join(', ')} waits in ${topics.imported}: it is enriched once intake has taken it in`]
        : []),
      ...(unknown.length > 0 ? [nothingKnown(unknown)] : []),
      ...(facts.size > 0 ? ['nothing was requested for the others'] : []),
    ]
    throw new EnrichmentError('RECORD_INVALID', why.join('; '))
  }
  const requests = [...facts.values()].map((album) => toRequest(album, requestedAt))
  const records = requests.map(async (request) => ({
    topic: topics.express,
    partition: 0,
    key: request.album.albumId,
    value: await codecs.requested.encode(request),
  }))
  await publishRecords(kafka, await Promise.all(records))
  return requests.map(({ requestId, album: { albumId } }) => ({ albumId, requestId }))
}

/** Which of these albums wait for intake. */
async function findImported(config: Config<'kafka'>, kafka: Servers['kafka'], albumIds: Set<string>) {
  const { imported: topic } = topicNames(config)
  const lags = await withAdmin(kafka, (admin) => readLag(admin, groupNames(config).intake, [topic]))
  const imported = new Set<string>()
  const look = ({ key, value }: { key: Buffer | null; value: Buffer | null }) => {
    const albumId = key?.toString() ?? ''
    // A tombstone forgets the album.
    if (value === null) imported.delete(albumId)
    else if (albumIds.has(albumId)) imported.add(albumId)
    return undefined
  }
  await readTopic(kafka, topic, look, new Map(lags.map(({ partition, next }) => [partition, next])))
  return imported
}

/** What is said of albums that cannot be asked for, as they were never imported, or forgotten since. */
export function nothingKnown(albumIds: readonly string[]): string {
  return `nothing is known of album ${albumIds.join(', ')}: let the importer publish it, or \`album-enricher publish\` it`
}

/** The newest requests for these albums that stand in their topic, whether they were worked on or not. */
async function findWaiting(kafka: Servers['kafka'], topic: string, codecs: EventCodecs, albumIds: Set<string>) {
  const newest = new Map<string, EnrichmentRequested>()
  await readTopic(kafka, topic, async ({ key, value }) => {
    if (value !== null && albumIds.has(key?.toString() ?? '')) {
      const request = await readRequest(codecs, value)
      if (request !== null) newest.set(request.album.albumId, request)
    }
    return undefined
  })
  return newest
}

/** null for a record that the worker will give up: it must not keep people from asking for its album. */
async function readRequest(codecs: EventCodecs, value: Buffer): Promise<EnrichmentRequested | null> {
  try {
    return await codecs.requested.decode(value)
  } catch (error) {
    const { code } = toEnrichmentError(error)
    if (code === 'RECORD_UNDECODABLE' || code === 'SCHEMA_UNKNOWN') return null
    throw error
  }
}

function toRequest(album: Album, requestedAt: number): EnrichmentRequested {
  return {
    requestId: randomUUID(),
    reason: 'replay',
    stages: [...ALL_STAGES],
    album,
    requestedAt,
    source: null,
  }
}
