import { readCommittedPositions } from '../stack/kafka-tool.ts'
import { type ReadRecord, TopicReader } from '../stack/topic-reader.ts'
import { albumIdOf } from './albums.ts'
import type { Harness } from './harness.ts'
import type { Evidence, Position } from './judge.ts'

/**
 * Reads every topic anew from its beginning, as somebody downstream would.
 *
 * @throws Error when Kafka's own consumer shows other records: ours shares a mended client with the service
 */
export async function collectEvidence({ servers, topics, standIns, chronicle }: Harness): Promise<Evidence> {
  const env = { KAFKA_BROKERS: servers.kafka.brokers, SCHEMA_REGISTRY_URL: servers.registry.url }
  const read = async (topic: string) => {
    // Some of what is imported is made to kill whoever decodes it.
    const reader = await TopicReader.open(env, topic, topic !== topics.imported)
    try {
      return await reader.readToEnd()
    } finally {
      await reader.close()
    }
  }
  const [imported, results, dead, express] = await Promise.all(
    [topics.imported, topics.enriched, topics.dead, topics.express].map(read),
  )
  const compared = [
    { topic: topics.enriched, records: results ?? [] },
    { topic: topics.dead, records: dead ?? [] },
  ]
  await Promise.all(compared.map(({ topic, records }) => assertSameRecords(servers.kafka.brokers, topic, records)))
  const { early } = await standIns.figures()
  const requests = await read(topics.enrichment)
  const byOffset = new Map(requests.map(({ offset, event }) => [offset, event]))

  const deadOutcomes = (dead ?? []).map(({ headers, event, timestamp }) => {
    const at = headers['enricher-original-topic'] === topics.imported
    const request = event?.source ? event : byOffset.get(headers['enricher-original-offset'] ?? '')
    const position = at
      ? `${headers['enricher-original-partition']}/${headers['enricher-original-offset']}`
      : toPosition(request?.source)
    const code = headers['enricher-error-code'] ?? 'none'
    return { position, kind: 'dead letter' as const, at: timestamp, code }
  })
  const imports = (results ?? []).filter(({ event }) => event?.reason === 'imported')
  const importedTwice = findDoubles((imported ?? []).map(({ key }) => key ?? ''))
  return {
    sources: (imported ?? []).map(({ partition, offset, key }) => ({
      position: `${partition}/${offset}`,
      albumId: key ?? '',
    })),
    outcomes: [
      ...imports.map(({ event, timestamp }) => ({
        position: toPosition(event.source),
        kind: 'result' as const,
        at: timestamp,
      })),
      ...deadOutcomes,
    ],
    requests: requests
      .filter(({ event }) => event?.reason === 'imported')
      .map(({ event, offset, timestamp }) => ({ position: toPosition(event.source), offset, at: timestamp })),
    // The importer's own producer may have repeated itself over a broken connection: then two requests may ask the same.
    calls: standIns.calls.filter(({ album }) => album === undefined || !importedTwice.has(albumIdOf(album))),
    disturbances: chronicle.disturbances,
    outages: chronicle.outages,
    returns: (express ?? [])
      .filter(({ headers }) => headers['enricher-not-before'] !== undefined)
      .map(({ offset, timestamp, headers }) => ({
        place: `express ${offset}`,
        at: timestamp,
        notBefore: toTime(headers['enricher-not-before'] ?? ''),
      })),
    early,
  }
}

const LONG_ENOUGH_MS = 40_000

async function assertSameRecords(brokers: string, topic: string, records: ReadRecord[]): Promise<void> {
  const ours = new Set(records.map(({ partition, offset }) => `${partition}/${offset}`))
  let theirs = new Set(await readCommittedPositions(brokers, topic))
  // On a busy machine it may have ended too soon.
  if (without(ours, theirs).length > 0) theirs = new Set(await readCommittedPositions(brokers, topic, LONG_ENOUGH_MS))
  const [onlyOurs, onlyTheirs] = [without(ours, theirs), without(theirs, ours)]
  if (onlyOurs.length + onlyTheirs.length === 0) return
  const lists = `only KafkaJS ${onlyOurs.slice(0, 10)}, only Kafka's own ${onlyTheirs.slice(0, 10)}`
  throw new Error(`two clients read ${topic} differently: ${lists}`)
}

const without = (some: Set<string>, others: Set<string>) => [...some].filter((one) => !others.has(one))

function findDoubles(keys: string[]): Set<string> {
  return new Set([...Map.groupBy(keys, (key) => key)].filter(([, same]) => same.length > 1).map(([key]) => key))
}

function toPosition(source: { partition: number; offset: number } | undefined): Position {
  return source === undefined ? 'unknown' : `${source.partition}/${source.offset}`
}

/** Milliseconds, or a date in ISO's form. */
function toTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text)
}
