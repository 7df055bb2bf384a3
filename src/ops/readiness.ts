import type { HoldRecord } from '../db/entities/lane.entity.ts'
import { EnrichmentError } from '../errors.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import type { Readiness } from './probes.ts'
import type { Servers } from './set-up.ts'

/** A part of the service that is a member of a group. */
export interface Member {
  readonly isJoined: boolean
  /** What it does now, for parts that may be held. */
  readonly condition?: { state: string; holds: HoldRecord[] }
  stop(): Promise<void>
}

/**
 * What /ready asks and tells: our servers, and whether every part of the service that has been started is in its group.
 *
 * @param members by role, filled as the parts start
 */
export function readinessOf({ kafka, registry, db }: Servers, members: Partial<Record<string, Member>>): Readiness {
  const started = () => Object.entries(members).flatMap(([role, member]) => (member ? [[role, member] as const] : []))
  return {
    checks: {
      async kafka() {
        if (started().length === 0) await withAdmin(kafka, (admin) => admin.describeCluster())
        if (started().some(([, { isJoined }]) => !isJoined))
          throw new EnrichmentError('KAFKA_UNAVAILABLE', 'not in the group')
      },
      registry: () => registry.ping(),
      database: () => db.ping(),
      async service() {
        if (started().length === 0) throw new EnrichmentError('INTERNAL', 'still starting')
      },
    },
    parts: () =>
      Object.fromEntries(
        started().map(([role, { condition }]) => [role, condition ?? { state: 'running', holds: [] }]),
      ),
  }
}
