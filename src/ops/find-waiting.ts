import type { Config } from '../config.ts'
import type { Album, RecordPosition } from '../events.ts'
import { toTime } from '../iso-time.ts'
import type { Delivery } from '../kafka/delivery.ts'
import { type EventCodecs, groupNames, listRetryTopics, openCodecs, topicNames } from '../kafka/event-topics.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import { readLag } from '../kafka/read-lag.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { REQUEST_ID, readRetryHeaders } from '../retry/retry-headers.ts'
import type { Servers } from './set-up.ts'

/** A record of an album that its group has not finished: it waits for its turn, or is in the air. */
export interface WaitingRecord {
  topic: string
  partition: number
  /** Decimal text. */
  offset: string
  /** Records of the same partition that come before it. */
  ahead: number
  /** ISO time of the record. */
  since: string
  /** ISO time before which a retry is not taken up; null elsewhere. */
  dueAt: string | null
  /** null in album.imported, where there is no request yet, and where the record cannot be read. */
  requestId: string | null
  album: Album | null
  /** Of a request, milliseconds since 1970; null where `requestId` is. */
  requestedAt: number | null
  /** The record of album.imported that the request is of. */
  source: RecordPosition | null
}

/**
 * What stands in the topics of an album, or of a request, and is not finished. Reads all that waits, which takes seconds
 * where that is much.
 *
 * @param id an album's id or a request's
 * @throws EnrichmentError KAFKA_UNAVAILABLE, REGISTRY_UNAVAILABLE, SCHEMA_NOT_REGISTERED
 */
export async function findWaiting(
  config: Config<'kafka'>,
  { kafka, registry }: Omit<Servers, 'db'>,
  id: string,
): Promise<WaitingRecord[]> {
  const groups = groupNames(config)
  const topics = topicNames(config)
  let opening: Promise<EventCodecs> | undefined
  const open = () => {
    opening ??= openCodecs(config, registry)
    return opening
  }
  const isRequest = REQUEST_ID.test(id)
  const found: WaitingRecord[] = []
  for (const [group, topic] of [
    [groups.worker, topics.express],
    [groups.worker, topics.enrichment],
    ...(await listRetryTopics(kafka, topics.enrichment)).map((retry) => [groups.relay, retry] as const),
    [groups.intake, topics.imported],
  ] as const) {
    const lags = await withAdmin(kafka, (admin) => readLag(admin, group, [topic]))
    const from = new Map(lags.map(({ partition, next }) => [partition, next]))
    const seen = new Map<number, number>()
    const look = async ({ partition, offset, key, value, timestamp, headers }: Omit<Delivery, 'nextOffset'>) => {
      const ahead = seen.get(partition) ?? 0
      seen.set(partition, ahead + 1)
      const isOfAlbum = key?.toString() === id
      // Only a request's value tells its own id.
      if (!isOfAlbum && (!isRequest || topic === topics.imported)) return undefined
      const content = await readContent(await open(), value, topic === topics.imported)
      if (!isOfAlbum && content.requestId !== id) return undefined
      const since = toTime(timestamp)
      const { notBefore } = readRetryHeaders(headers)
      const dueAt = group === groups.relay && notBefore !== null ? toTime(notBefore) : null
      found.push({ topic, partition, offset: String(offset), ahead, since, dueAt, ...content })
      return undefined
    }
    await readTopic(kafka, topic, look, from)
  }
  return found
}

/** What cannot be read waits all the same; it will be a dead letter. */
async function readContent(codecs: EventCodecs, value: Buffer | null, isImported: boolean) {
  const nothing = { requestId: null, album: null, requestedAt: null, source: null }
  if (value === null) return nothing
  if (isImported) {
    const album = await codecs.imported.decode(value).catch(() => null)
    return { ...nothing, album }
  }
  const request = await codecs.requested.decode(value).catch(() => nothing)
  const { requestId, album, requestedAt, source } = request
  return { requestId, album, requestedAt, source }
}
