import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes longer than half a minute, the longest first. Begun late, one of them would be waited for
 * alone; and a clean clone knows nothing of former runs, by which Vitest would order them.
 */
const LONGEST = [
  'scenarios/moved-offsets',
  'scenarios/on-call',
  'scenarios/cluster',
  'chaos/chaos',
  'scenarios/memory',
  'ops/lag-metrics',
  'scenarios/client-quota',
  'scenarios/relay-tiers',
  'scenarios/operators-day',
  'scenarios/relay',
  'scenarios/model-answers',
  'scenarios/amazon-answers',
  'scenarios/disagreement',
  'scenarios/replay-by-kafka-tool',
  'kafka/lost-markers',
  'scenarios/graceful-stop',
  'scenarios/former-build',
  'scenarios/poison',
  'scenarios/lost-offsets',
  'scenarios/artwork',
  'scenarios/takeover',
  'scenarios/crashes',
  'scenarios/review',
  'scenarios/outage-kafka-killed',
  'scenarios/foreign-client',
  'scenarios/flood',
  'scenarios/forget',
  'scenarios/planted-secrets',
  'scenarios/stop-and-start',
  'deploy/image',
  'scenarios/outage-postgres-killed',
  'worker/delivery-walk/delivery-walk',
  'scenarios/outage-kafka-still',
  'scenarios/deadly-records',
  'kafka/group-consumer',
  'scenarios/headers-from-outside',
  'scenarios/outage-postgres-still',
].map((name) => `test/${name}.test.ts`)

/** The longest files first, within a group of projects; the others as Vitest has them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId, project }: TestSpecification) => {
      const place = LONGEST.indexOf(relative(this.ctx.config.root, moduleId))
      const { groupOrder } = project.config.sequence
      return (groupOrder + 1) * LONGEST.length - (place < 0 ? 0 : LONGEST.length - place)
    }
    return sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}
