import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { HoldRecord } from '../db/hold-record.ts'
import { EnrichmentError, ERROR_CODES, type ErrorCode } from '../errors.ts'
import type { Member } from '../holds/member.ts'
import { requestSubject, topicPlans } from '../kafka/event-topics.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import { findTroubles } from '../kafka/topic-health.ts'
import type { Readiness } from './probes.ts'
import type { Servers } from './set-up.ts'

/** Brokers that answer at all do so within; the rest of the answer must not wait for those that do not. */
const TROUBLES_MS = 1_000
const NOT_JOINED = new EnrichmentError('KAFKA_UNAVAILABLE', 'not in the group')

/**
 * What /ready asks and tells: our servers, and whether every part of the service that has been started is in its group.
 *
 * @param members by role, filled as the parts start
 */
export function readinessOf(
  config: Config<'kafka'>,
  { kafka, registry, db }: Servers,
  members: Partial<Record<string, Member>>,
): Readiness {
  const ownTopics = topicPlans(config).map(({ topic }) => topic)
  const started = () => Object.entries(members).flatMap(([role, member]) => (member ? [[role, member] as const] : []))
  return {
    checks: {
      async kafka() {
        if (started().length === 0) await withAdmin(kafka, (admin) => admin.describeCluster())
        const failing = started().filter(([, { isJoined, failure }]) => !isJoined || failure !== null)
        if (failing.length === 0) return
        const { code, message } = failing.find(([, { failure }]) => failure !== null)?.[1].failure ?? NOT_JOINED
        // The failure says what could not be done, the cluster why: which partition has no leader, or too few replicas.
        const troubles = await Promise.race([
          findTroubles(kafka, ownTopics).catch(() => []),
          delay(TROUBLES_MS, [], { ref: false }),
        ])
        const roles = failing.map(([role]) => role).join(', ')
        const publicDetail = [roles, ...troubles].join('; ')
        throw new EnrichmentError(code, `${roles}: ${message}`, { publicDetail })
      },
      registry: () => registry.ping(requestSubject(config)),
      database: () => db.ping(),
      async service() {
        if (started().length === 0) throw new EnrichmentError('STARTING', 'still starting')
      },
    },
    parts: () =>
      Object.fromEntries(
        started().map(([role, { condition = { state: 'running', holds: [] } }]) => [
          role,
          { state: condition.state, holds: condition.holds.map(toPublic) },
        ]),
      ),
  }
}

/** The port is open to whoever reaches it: servers' own words, which may hold addresses, are for the log and `status`. */
function toPublic({ cause, since }: HoldRecord) {
  const meaning = ERROR_CODES[cause.replace(/^intake_/, '') as ErrorCode] ?? '`album-enricher status` says more'
  return { cause, meaning, since }
}
