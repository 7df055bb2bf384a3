import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes longer than half a minute, the longest first. Begun late, one of them would be waited for
 * alone; and a clean clone knows nothing of former runs, by which Vitest would order them.
 */
const LONGEST = [
  'scenarios/cluster',
  'scenarios/on-call',
  'scenarios/moved-offsets',
  'chaos/chaos',
  'scenarios/memory',
  'scenarios/relay',
  'scenarios/model-answers',
  'scenarios/graceful-stop',
  'scenarios/replay-by-kafka-tool',
  'scenarios/disagreement',
  'scenarios/crashes',
  'scenarios/foreign-client',
  'scenarios/amazon-answers',
  'scenarios/stop-and-start',
  'deploy/image',
  'kafka/lost-markers',
  'scenarios/forget',
  'scenarios/operators-day',
  'scenarios/former-build',
  'scenarios/poison',
  'scenarios/planted-secrets',
  'scenarios/takeover',
  'scenarios/flood',
  'ops/lag-metrics',
  'scenarios/outage-kafka-killed',
  'scenarios/outage-kafka-still',
  'scenarios/outage-postgres-killed',
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
