import { EnrichmentError } from '../errors.ts'
import { withAdmin } from '../kafka/kafka-client.ts'
import type { ReadinessChecks } from './probes.ts'
import type { Servers } from './set-up.ts'

/**
 * What /ready asks: our servers, and whether every part of the service that has been started is in its group.
 *
 * @param members filled as the parts start; a worker that stands by is a member too
 */
export function readinessChecks({ kafka, registry, db }: Servers, members: { isJoined: boolean }[]): ReadinessChecks {
  return {
    async kafka() {
      if (members.length === 0) await withAdmin(kafka, (admin) => admin.describeCluster())
      if (members.some(({ isJoined }) => !isJoined)) throw new EnrichmentError('KAFKA_UNAVAILABLE', 'not in the group')
    },
    registry: () => registry.ping(),
    database: () => db.ping(),
    async service() {
      if (members.length === 0) throw new EnrichmentError('INTERNAL', 'still starting')
    },
  }
}
