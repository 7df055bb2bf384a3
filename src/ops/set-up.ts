import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { type EnrichmentError, toEnrichmentError } from '../errors.ts'
import { importedSubject, openCodecs, schemasBySubject, topicCopies, topicPlans } from '../kafka/event-topics.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import type { SchemaRegistry } from '../kafka/schema-registry.ts'
import { findWeaknesses } from '../kafka/topic-health.ts'
import { checkTopics, createMissingTopics, type TopicPlan } from '../kafka/topics.ts'

export interface Servers {
  kafka: Kafka
  registry: SchemaRegistry
  db: Database
}

/**
 * Everything in which the servers are not as this build needs them, as an error each; one that does not answer has its own.
 */
export async function findMissing(
  config: Config<'kafka'>,
  { kafka, registry, db }: Servers,
): Promise<EnrichmentError[]> {
  const checks = [
    () => db.checkMigrated(),
    () => checkTopics(kafka, topicPlans(config)),
    async () => void (await openCodecs(config, registry)),
  ]
  const found = checks.map((check) =>
    check().then(
      () => [],
      (error: unknown) => [toEnrichmentError(error)],
    ),
  )
  return (await Promise.all(found)).flat()
}

/**
 * Creates tables, topics and schemas; what exists already stays as it is, so it is safe to run again.
 *
 * @param how createsDatabase: also the database that DATABASE_URL names; registers: false where nobody but a pipeline may
 *   register schemas, which are only looked for then
 * @returns what was done, a line each
 * @throws EnrichmentError DATABASE_MISSING, TOPIC_WRONG, SCHEMA_NOT_REGISTERED, or the server that is away
 */
export async function setUp(
  config: Config<'kafka'>,
  { kafka, registry, db }: Servers,
  how: { createsDatabase: boolean; registers: boolean },
): Promise<string[]> {
  const done: string[] = []
  for (const name of await db.migrate(how.createsDatabase)) done.push(`table migration ${name}`)
  const plans = topicPlans(config)
  for (const topic of await createMissingTopics(kafka, plans, topicCopies(config))) done.push(`topic ${topic} created`)
  await checkTopics(kafka, plans)
  done.push(...(await warnings(kafka, plans)))
  if (!how.registers) {
    await tryAgain(() => openCodecs(config, registry))
    return [...done, 'schemas are as this build needs them']
  }
  for (const [subject, schema] of schemasBySubject(config)) {
    const id = await tryAgain(() => registry.register(subject, schema, subject === importedSubject(config)))
    done.push(id === null ? `subject ${subject} is left as its owner has it` : `schema ${subject} has id ${id}`)
  }
  return done
}

/** What works and is weaker than it could be, a line each. */
export async function warnings(kafka: Kafka, plans: TopicPlan[]): Promise<string[]> {
  const weaknesses = await findWeaknesses(
    kafka,
    plans.map(({ topic }) => topic),
  )
  return weaknesses.map((weakness) => `warning: ${weakness}`)
}

const TRIES = 5

/** A registry that has just started, or a busy one, may need longer than one time-out; setting up has the time. */
async function tryAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (toEnrichmentError(error).code !== 'REGISTRY_UNAVAILABLE' || tries >= TRIES) throw error
      await delay(1_000)
    }
  }
}
