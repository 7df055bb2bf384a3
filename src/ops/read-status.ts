import type { Config } from '../config.ts'
import type { HoldRecord } from '../db/hold-record.ts'
import { readLane, type StoredLane } from '../db/lane.ts'
import { readQuotas } from '../db/quota.ts'
import { ERROR_CODES, type ErrorCode, isToBeMended, toEnrichmentError } from '../errors.ts'
import type { RecordHeaders } from '../kafka/delivery.ts'
import {
  groupNames,
  listRetryTopics,
  openCodecs,
  requestSubject,
  tierLabel,
  topicNames,
  topicPlans,
} from '../kafka/event-topics.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import { readLag } from '../kafka/read-lag.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { findTroubles } from '../kafka/topic-health.ts'
import { checkTopics } from '../kafka/topics.ts'
import { findMarketplace } from '../marketplaces.ts'
import { parseRetryDelays } from '../retry-delays.ts'
import { ROLES, type Role } from '../roles.ts'
import { codeOf, forEachDeadLetter } from './dead-letters.ts'
import { type Budget, forecastBudget } from './forecast-budget.ts'
import { countReviews } from './list-reviews.ts'
import { type AlbumInFlight, readProgress } from './read-progress.ts'
import type { Servers } from './set-up.ts'

export interface Status {
  /** Servers that do not answer, and why; what depends on them is null below. */
  away: Record<string, string>
  /** What is not as this build needs it: tables, topics or schemas, and how each is mended. */
  missing: string[]
  /** Why some topics of ours cannot be written to or read from now, a sentence each. */
  troubles: string[] | null
  /** `state` is held while there are holds, whether a person paused it too or not. */
  lane: { state: string; isPaused: boolean; changedBy: string | null; changedAt: string | null } | null
  /** Why the lane or intake is held, and what a person can do. */
  holds: HoldRecord[] | null
  /** How many processes, working or standing by, each role's group has. */
  members: { role: Role; group: string; members: number }[] | null
  /** Records not finished, by group and topic. */
  waiting: { group: string; topic: string; records: number }[] | null
  /** Retries that are not due yet, by tier. */
  retries: { tier: string; records: number }[] | null
  /** Why those retries failed, by code, the commonest first, each with the newest one's message. */
  retryReasons: { code: string; count: number; meaning: string; message: string }[] | null
  inFlight: number | null
  /** Of those the ones that were begun first. */
  albumsInFlight: AlbumInFlight[] | null
  /** Of each Amazon account that was used within a day, and of the one used last, which comes first. */
  amazon: Budget[] | null
  lastResultAt: string | null
  /** Albums without a link that wait for a person, and since when the first of them does. */
  reviews: { open: number; oldestSince: string | null } | null
  /** Unhandled ones, by code, the commonest first. */
  deadLetters: { code: string; count: number; meaning: string }[] | null
}

/** What PostgreSQL knows of the lane, intake and the Amazon accounts. */
interface Stored {
  lane: StoredLane
  intake: StoredLane
  quotas: Awaited<ReturnType<typeof readQuotas>>
}

/** How the service is doing, as far as the servers that answer can tell. Never throws for one that is away. */
export async function readStatus(
  config: Config<'kafka'> & Pick<Config, 'AMAZON_MARKETPLACE'>,
  servers: Servers,
): Promise<Status> {
  const { kafka, registry, db } = servers
  const away: Record<string, string> = {}
  const ask = async <T>(name: string, question: () => Promise<T>): Promise<T | null> => {
    try {
      return await question()
    } catch (error) {
      away[name] ??= toEnrichmentError(error).message
      return null
    }
  }
  const missing: string[] = []
  const isWhole = async (name: string, check: () => Promise<unknown>): Promise<boolean> => {
    const found = await ask(name, async () => {
      try {
        await check()
        return true
      } catch (error) {
        const { code, message } = toEnrichmentError(error)
        if (!isToBeMended(code)) throw error
        missing.push(...message.split('\n'))
        return false
      }
    })
    return found ?? false
  }
  /** Asks only where the set-up is whole: of what is not there nothing can be told, and no server is to blame. */
  const when = async <T>(whole: Promise<boolean>, name: string, question: () => Promise<T>): Promise<T | null> =>
    (await whole) ? ask(name, question) : null
  const groups = groupNames(config)
  const topics = topicNames(config)
  const plans = topicPlans(config)
  const ownTopics = plans.map(({ topic }) => topic)
  const hasTables = isWhole('database', () => db.checkMigrated())
  const hasTopics = isWhole('kafka', () => checkTopics(kafka, plans))
  const hasBoth = Promise.all([hasTables, hasTopics]).then((both) => both.every(Boolean))
  const [stored, members, waiting, retries, deadLetters, troubles] = await Promise.all([
    when(hasTables, 'database', async () => ({
      lane: await readLane(db, groups.worker),
      intake: await readLane(db, groups.intake),
      progress: await readProgress(db, [topics.express, topics.enrichment]),
      quotas: await readQuotas(db),
      reviews: await countReviews(db, findMarketplace(config.AMAZON_MARKETPLACE).domain),
    })),
    when(hasTopics, 'kafka', () => countMembers(kafka, groups)),
    when(hasTopics, 'kafka', () => readWaiting(kafka, groups, topics)),
    when(hasTopics, 'kafka', () => readRetries(kafka, groups.relay, topics.enrichment)),
    when(hasBoth, 'kafka', () => countDeadLetters(kafka, db, topics.dead)),
    ask('kafka', () => findTroubles(kafka, ownTopics)),
    ask('registry', () => registry.ping(requestSubject(config))),
    when(hasTables, 'database', () => isWhole('database', () => db.checkWritable())),
  ])
  // A set-up that lacks something else most likely lacks its schemas too; to ask each time would take long.
  if (missing.length > 0 && away.registry === undefined) await isWhole('registry', () => openCodecs(config, registry))
  const { lane, intake, progress, reviews } = stored ?? {}
  return {
    away,
    missing,
    troubles,
    lane: lane
      ? {
          state: lane.holds.length > 0 ? 'held' : lane.state,
          isPaused: lane.state === 'paused',
          changedBy: lane.changedBy,
          changedAt: lane.changedAt?.toISOString() ?? null,
        }
      : null,
    holds: lane && intake ? [...lane.holds, ...intake.holds] : null,
    members,
    waiting,
    retries: retries?.tiers ?? null,
    retryReasons: retries?.reasons ?? null,
    inFlight: progress?.inFlight ?? null,
    albumsInFlight: progress?.albumsInFlight ?? null,
    amazon: stored ? toBudgets(stored, members, waiting) : null,
    lastResultAt: progress?.lastResultAt ?? null,
    reviews: reviews
      ? { open: reviews.open, oldestSince: reviews.oldest === null ? null : new Date(reviews.oldest).toISOString() }
      : null,
    deadLetters,
  }
}

function toBudgets({ quotas, ...lanes }: Stored, members: Status['members'], waiting: Status['waiting']): Budget[] {
  const now = Date.now()
  const used = quotas.filter(({ dayEndsAt }, index) => index === 0 || (dayEndsAt?.getTime() ?? 0) > now)
  // Which of several works off what waits here, nobody can tell.
  const albums = used.length === 1 ? (waiting?.reduce((sum, { records }) => sum + records, 0) ?? null) : null
  const stoppedBy = findStop(lanes, members, waiting)
  return used.map((row) => forecastBudget(row, albums, stoppedBy, now)).filter((budget) => budget !== null)
}

/** Why what waits does not get on; null when it does. */
function findStop({ lane, intake }: Omit<Stored, 'quotas'>, members: Status['members'], waiting: Status['waiting']) {
  const runs = (role: Role) => members?.some((group) => group.role === role && group.members > 0)
  if (lane.state === 'paused') return 'the lane is paused'
  // A day that is spent is reckoned with: it ends by itself.
  if (lane.holds.some(({ cause }) => cause !== 'AMAZON_DAY_SPENT')) return 'the lane is held'
  if (!runs('worker')) return 'no worker runs'
  const intakeGroup = members?.find(({ role }) => role === 'intake')?.group
  if (!waiting?.some(({ group, records }) => group === intakeGroup && records > 0)) return null
  if (intake.holds.length > 0) return 'intake is held'
  return runs('intake') ? null : 'no intake runs'
}

async function countMembers(
  kafka: Servers['kafka'],
  groups: ReturnType<typeof groupNames>,
): Promise<NonNullable<Status['members']>> {
  const described = await withAdmin(kafka, (admin) => admin.describeGroups(Object.values(groups)))
  const members = new Map(described.groups.map((one) => [one.groupId, one.members.length]))
  return ROLES.map((role) => ({ role, group: groups[role], members: members.get(groups[role]) ?? 0 }))
}

async function readWaiting(
  kafka: Servers['kafka'],
  groups: ReturnType<typeof groupNames>,
  topics: ReturnType<typeof topicNames>,
): Promise<NonNullable<Status['waiting']>> {
  const followed = [
    { group: groups.intake, topics: [topics.imported] },
    { group: groups.worker, topics: [topics.enrichment, topics.express] },
  ]
  const lags = await withAdmin(kafka, (admin) =>
    Promise.all(
      followed.map(async ({ group, topics }) =>
        (await readLag(admin, group, topics)).map((lag) => ({ group, ...lag })),
      ),
    ),
  )
  const byTopic = Map.groupBy(lags.flat(), ({ group, topic }) => JSON.stringify({ group, topic }))
  return [...byTopic].map(([key, partitions]) => ({
    ...(JSON.parse(key) as { group: string; topic: string }),
    records: Number(partitions.reduce((sum, { lag }) => sum + lag, 0n)),
  }))
}

/** Counted one by one: the markers of the transactions that wrote them would double the lag. */
async function readRetries(kafka: Servers['kafka'], group: string, enrichment: string) {
  const reasons = new Map<string, { count: number; message: string; at: number }>()
  const topics = await listRetryTopics(kafka, enrichment)
  const lags = topics.length === 0 ? [] : await withAdmin(kafka, (admin) => readLag(admin, group, topics))
  const readTier = async (topic: string) => {
    const behind = lags.filter((lag) => lag.topic === topic && lag.lag > 0n)
    const from = new Map(behind.map(({ partition, next }) => [partition, next]))
    let records = 0
    const count = ({ headers, timestamp }: { headers: RecordHeaders; timestamp: number }) => {
      records += 1
      const code = codeOf(headers)
      const message = String(headers['enricher-error-message'] ?? '')
      const known = reasons.get(code) ?? { count: 0, message, at: timestamp }
      const newest = timestamp >= known.at ? { message, at: timestamp } : known
      reasons.set(code, { ...newest, count: known.count + 1 })
      return undefined
    }
    if (behind.length > 0) await readTopic(kafka, topic, count, from)
    return { tier: tierLabel(enrichment, topic), records }
  }
  const tiers = await Promise.all(topics.map(readTier))
  return {
    tiers: tiers.sort((a, b) => delayOf(a.tier) - delayOf(b.tier)),
    reasons: [...reasons]
      .map(([code, { count, message }]) => ({ code, count, meaning: meaningOf(code), message }))
      .sort((a, b) => b.count - a.count),
  }
}

const meaningOf = (code: string) => ERROR_CODES[code as ErrorCode] ?? 'a code of another build'
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
    .map(([code, count]) => ({ code, count, meaning: meaningOf(code) }))
    .sort((a, b) => b.count - a.count)
}
