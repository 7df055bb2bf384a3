import type { Config } from '../config.ts'
import { Enrichment } from '../db/entities/enrichment.entity.ts'
import type { HoldRecord } from '../db/entities/lane.entity.ts'
import { readLane } from '../db/lane.ts'
import { ERROR_CODES, type ErrorCode, toEnrichmentError } from '../errors.ts'
import { groupNames, listRetryTopics, tierLabel, topicNames, topicPlans } from '../kafka/event-topics.ts'
import { readLag } from '../kafka/read-lag.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { findTroubles } from '../kafka/topic-health.ts'
import { parseRetryDelays } from '../retry-delays.ts'
import { forEachDeadLetter } from './dead-letters.ts'
import type { Servers } from './set-up.ts'

export interface Status {
  /** Servers that do not answer, and why; what depends on them is null below. */
  away: Record<string, string>
  /** Why some topics of ours cannot be written to or read from now, a sentence each. */
  troubles: string[] | null
  lane: { state: string; changedBy: string | null; changedAt: string | null } | null
  /** Why the lane or intake is held, and what a person can do. */
  holds: HoldRecord[] | null
  /** Records not finished, by group and topic. */
  waiting: { group: string; topic: string; records: number }[] | null
  /** Retries that are not due yet, by tier. */
  retries: { tier: string; records: number }[] | null
  inFlight: number | null
  lastResultAt: string | null
  /** Unhandled ones, by code, the commonest first. */
  deadLetters: { code: string; count: number; meaning: string }[] | null
}

/** How the service is doing, as far as the servers that answer can tell. Never throws for one that is away. */
export async function readStatus(config: Config<'kafka'>, { kafka, registry, db }: Servers): Promise<Status> {
  const away: Record<string, string> = {}
  const ask = async <T>(name: string, question: () => Promise<T>): Promise<T | null> => {
    try {
      return await question()
    } catch (error) {
      away[name] = toEnrichmentError(error).message
      return null
    }
  }
  const groups = groupNames(config)
  const topics = topicNames(config)
  const ownTopics = topicPlans(config).map(({ topic }) => topic)
  const [troubles, lane, intake, progress, waiting, retries] = await Promise.all([
    ask('kafka', () => findTroubles(kafka, ownTopics)),
    ask('database', () => readLane(db, groups.worker)),
    ask('database', () => readLane(db, groups.intake)),
    ask('database', () => readProgress(db)),
    ask('kafka', () => readWaiting(kafka, groups, topics)),
    ask('kafka', () => readRetries(kafka, groups.relay, topics.enrichment)),
    ask('registry', () => registry.ping()),
  ])
  const deadLetters = waiting && progress && (await ask('kafka', () => countDeadLetters(kafka, db, topics.dead)))
  return {
    away,
    troubles,
    lane: lane && {
      state: lane.holds.length > 0 ? 'held' : lane.state,
      changedBy: lane.changedBy,
      changedAt: lane.changedAt?.toISOString() ?? null,
    },
    holds: lane && intake && [...lane.holds, ...intake.holds],
    waiting,
    retries,
    inFlight: progress?.inFlight ?? null,
    lastResultAt: progress?.lastResultAt ?? null,
    deadLetters,
  }
}

async function readProgress(db: Servers['db']) {
  return db.query(async (em) => {
    const inFlight = await em.count(Enrichment, { decidedAt: null })
    const [last] = await em.find(Enrichment, { decision: 'result' }, { orderBy: { decidedAt: 'desc' }, limit: 1 })
    return { inFlight, lastResultAt: last?.decidedAt?.toISOString() ?? null }
  })
}

async function readWaiting(
  kafka: Servers['kafka'],
  groups: ReturnType<typeof groupNames>,
  topics: ReturnType<typeof topicNames>,
): Promise<Status['waiting']> {
  const lags = await Promise.all([
    readLag(kafka, groups.intake, [topics.imported]).then((all) =>
      all.map((lag) => ({ group: groups.intake, ...lag })),
    ),
    readLag(kafka, groups.worker, [topics.enrichment, topics.express]).then((all) =>
      all.map((lag) => ({ group: groups.worker, ...lag })),
    ),
  ])
  const byTopic = Map.groupBy(lags.flat(), ({ group, topic }) => JSON.stringify({ group, topic }))
  return [...byTopic].map(([key, partitions]) => ({
    ...(JSON.parse(key) as { group: string; topic: string }),
    records: Number(partitions.reduce((sum, { lag }) => sum + lag, 0n)),
  }))
}

/** Counted one by one: the markers of the transactions that wrote them would double the lag. */
async function readRetries(kafka: Servers['kafka'], group: string, enrichment: string): Promise<Status['retries']> {
  const counts: NonNullable<Status['retries']> = []
  for (const topic of await listRetryTopics(kafka, enrichment)) {
    const from = new Map((await readLag(kafka, group, [topic])).map(({ partition, next }) => [partition, next]))
    let records = 0
    const count = () => {
      records += 1
      return undefined
    }
    await readTopic(kafka, topic, count, from)
    counts.push({ tier: tierLabel(enrichment, topic), records })
  }
  return counts.sort((a, b) => delayOf(a.tier) - delayOf(b.tier))
}

const delayOf = (tier: string) => parseRetryDelays(tier)?.[0]?.delayMs ?? 0

async function countDeadLetters(
  kafka: Servers['kafka'],
  db: Servers['db'],
  topic: string,
): Promise<Status['deadLetters']> {
  const counts = new Map<string, number>()
  await forEachDeadLetter({ kafka, db, topic }, { all: true }, ({ code }) => {
    counts.set(code, (counts.get(code) ?? 0) + 1)
  })
  return [...counts]
    .map(([code, count]) => ({ code, count, meaning: ERROR_CODES[code as ErrorCode] ?? 'a code of another build' }))
    .sort((a, b) => b.count - a.count)
}
