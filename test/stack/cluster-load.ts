import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Message, type Producer } from 'kafkajs'
import { loadDemoAlbums } from '../demo/demo-albums.ts'
import { encodeAlbum, type Scenario } from './scenario.ts'
import type { ModelCall } from './stand-ins/model.ts'
import { type ReadRecord, TopicReader } from './topic-reader.ts'

const EVERY_MS = 500
/** Partitions of the topic of imported albums. */
const PARTITIONS = 6
/** One album in so many has its first answers of the model spoilt, so that it goes through a retry topic. */
const SPOILT_EVERY = 10
const SPOILT_ANSWERS = 4

/** Real albums that come steadily, whatever happens to the brokers. */
export interface SteadyLoad {
  fed(): number
  /** Stops feeding. */
  stop(): Promise<void>
}

/** Publishes albums evenly, until told to stop; a tenth of them are retried. */
export async function startSteadyLoad({ env, model }: Scenario, perSecond: number): Promise<SteadyLoad> {
  const albums = loadDemoAlbums(325).flatMap(({ album, expect }) => (expect?.outcome === 'dead_letter' ? [] : [album]))
  const producer = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).producer({
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 200 },
  })
  await producer.connect()
  spoilSomeAnswers(model)
  let [fed, isOver] = [0, false]
  const feeding = (async () => {
    const startedAt = performance.now()
    while (!isOver) {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
      const next = Array.from({ length: due - fed }, (_, index) => fed + index)
      const messages = await Promise.all(
        next.map(async (number) => {
          const album = albums[number % albums.length]
          if (!album) throw new Error('no albums')
          return { ...(await encodeAlbum(env, { ...album, albumId: `c${number}` })), partition: number % PARTITIONS }
        }),
      )
      await sendByPartition(producer, env.TOPIC_IMPORTED, messages)
      fed = due
      await sleep(EVERY_MS)
    }
  })()
  return {
    fed: () => fed,
    async stop() {
      isOver = true
      await feeding
      await producer.disconnect()
    },
  }
}

/** One partition a send: KafkaJS loses and doubles records of a send to several brokers when leaders move. */
async function sendByPartition(producer: Producer, topic: string, messages: Message[]): Promise<void> {
  for (const [, those] of Map.groupBy(messages, ({ partition }) => partition)) {
    await producer.send({ topic, acks: -1, messages: those })
  }
}

function spoilSomeAnswers(model: Scenario['model']): void {
  const asked = new Map<string, number>()
  const isSpoilt = ({ album = '' }: ModelCall) => {
    const number = asked.size
    if (!asked.has(album)) asked.set(album, number % SPOILT_EVERY === 0 ? SPOILT_ANSWERS : 0)
    const left = asked.get(album) ?? 0
    asked.set(album, left - 1)
    return left > 0
  }
  model.behave({ garbage: true, when: isSpoilt })
}

/** What became of the records of album.imported, by their positions as `partition/offset`. */
export interface Outcomes {
  records: number
  lost: string[]
  doubled: string[]
}

/** Reads anew what somebody downstream would, with read_committed. A record sent twice by its feeder is two imports. */
export async function readOutcomes(env: Scenario['env']): Promise<Outcomes> {
  const sources = (await readAll(env, env.TOPIC_IMPORTED)).map(({ partition, offset }) => `${partition}/${offset}`)
  const results = await readAll(env, env.TOPIC_ENRICHED)
  const dead = await readAll(env, `${env.TOPIC_ENRICHMENT}.dead`)
  const counts = new Map(sources.map((position) => [position, 0]))
  for (const { event, headers } of [...results, ...dead]) {
    const of = (name: string) => headers[`enricher-original-${name}`]
    const { partition = of('partition'), offset = of('offset') } = event?.source ?? {}
    const position = `${partition}/${offset}`
    counts.set(position, (counts.get(position) ?? 0) + 1)
  }
  const positionsWith = (fits: (count: number) => boolean) =>
    [...counts].filter(([, count]) => fits(count)).map(([position]) => position)
  return { records: sources.length, lost: positionsWith((it) => it === 0), doubled: positionsWith((it) => it > 1) }
}

async function readAll(env: Scenario['env'], topic: string): Promise<ReadRecord[]> {
  const reader = await TopicReader.open(env, topic)
  try {
    return [...(await reader.readToEnd())]
  } finally {
    await reader.close()
  }
}

/** Resolves when every album fed has a result; false when none has come for so long. */
export async function untilAllCame({ results, dead }: Scenario, fed: number, patienceMs = 45_000): Promise<boolean> {
  const done = () => new Set([...results.records, ...dead.records].map(({ key }) => key)).size
  let [count, since] = [done(), Date.now()]
  while (count < fed) {
    await sleep(200)
    if (done() > count) [count, since] = [done(), Date.now()]
    else if (Date.now() - since > patienceMs) return false
  }
  return true
}

/** The longest time without a result within the span, in milliseconds. */
export function longestPause({ results }: Scenario, from: number, until: number): number {
  const times = results.records.map(({ timestamp }) => timestamp).filter((at) => at > from && at < until)
  const edges = [from, ...times.toSorted((one, other) => one - other), until]
  return Math.max(...edges.slice(1).map((at, index) => at - (edges[index] ?? at)))
}
