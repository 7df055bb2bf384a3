import { fileURLToPath } from 'node:url'
import { startKafka } from '../stack/kafka.ts'
import type { BrokerFaultName } from './broker-faults.ts'
import { openHarness, type Servers } from './harness.ts'
import type { Verdict } from './judge.ts'
import { runChaos } from './run-chaos.ts'
import type { Schedule, Step } from './schedule.ts'
import type { Point } from './strike.ts'
import { tellStories } from './tell-story.ts'

interface SelfTestOptions {
  /** Of PLANTED_FAULTS, those to plant; none: all. */
  only: readonly string[]
  seed: number
  json: boolean
  says: boolean
  say: (line: string) => void
}

interface Fault {
  /** File in faults/. */
  name: string
  /** What must be reported, one of these at least. */
  shows: ('lost' | 'duplicated' | 'paidTwice')[]
  schedule: Schedule
  /** What it needs more time or albums for than the others. */
  records?: number
  /** Whether it shows only where there are several brokers. */
  needsCluster?: boolean
}

const RECORDS = 60
/** A record that has not come by then is lost: nothing here takes longer than a takeover. */
const HOPELESS_AFTER_MS = 16_000

const STANDBY: Step = { kind: 'standby' }

const strikes = (count: number, point: Point, role: 'worker' | 'intake' = 'worker'): Step[] =>
  Array.from({ length: count }, () => ({ kind: 'strike', point, role }))

const brokerFaults = (fault: BrokerFaultName, count: number): Step[] =>
  Array.from({ length: count }, () => ({ kind: 'broker', fault }))

/** The faults that the judge must find, each with the strikes that bring it out. */
const FAULTS: Fault[] = [
  {
    name: 'commit-before-publish',
    shows: ['lost'],
    schedule: { lane: strikes(2, 'between publish and commit'), around: [], servers: [] },
  },
  {
    name: 'no-fencing',
    shows: ['duplicated'],
    // Between them successors live long enough to publish what the late commit publishes once more.
    schedule: { lane: strikes(5, 'EndTxn on the wire').flatMap((step) => [step, STANDBY]), around: [], servers: [] },
  },
  { name: 'dropped-record', shows: ['lost'], schedule: { lane: [], around: [], servers: [] } },
  {
    name: 'forgotten-checkpoint',
    shows: ['paidTwice'],
    schedule: { lane: strikes(4, 'standby coming and going'), around: [], servers: [] },
  },
  {
    name: 'dropped-store',
    shows: ['paidTwice'],
    schedule: { lane: strikes(3, 'standby coming and going'), around: [], servers: [] },
  },
  {
    name: 'commit-outside-transaction',
    shows: ['duplicated'],
    schedule: { lane: [], around: strikes(2, 'right after a commit', 'intake'), servers: [] },
  },
  {
    name: 'no-dedupe',
    shows: ['duplicated', 'paidTwice'],
    schedule: { lane: [STANDBY, STANDBY, STANDBY], around: [], servers: [] },
  },
  {
    name: 'send-to-several',
    shows: ['lost', 'duplicated'],
    // Side by side: a broker that no longer leads refuses at once, while the slow one's answer is still on its way.
    schedule: { lane: [], around: brokerFaults('slow', 8), servers: brokerFaults('leaderMoves', 5) },
    records: 300,
    needsCluster: true,
  },
]

export const PLANTED_FAULTS = FAULTS.map(({ name }) => name)

/** Plants each fault in the service's processes and lets the judge look. @returns whether it has found them all */
export async function selfTest(servers: Servers, options: SelfTestOptions): Promise<boolean> {
  const { only, seed, json, say } = options
  const faults = FAULTS.filter(({ name }) => only.length === 0 || only.includes(name))
  const found: Record<string, string[]> = {}
  for (const fault of faults) {
    // Started for this one alone: three brokers keep a small machine busy enough.
    const kafka = fault.needsCluster ? await startKafka({ brokers: 3 }) : undefined
    try {
      found[fault.name] = await findPlanted(fault, kafka ? { ...servers, kafka } : servers, options)
    } finally {
      await kafka?.stop()
    }
  }
  const missed = faults.filter(
    ({ name, shows }) => !shows.some((kind) => found[name]?.some((it) => it.startsWith(kind))),
  )
  for (const { name, shows } of missed) say(`NOT FOUND: ${name}, which shows as ${shows.join(' or ')}`)
  if (json)
    console.log(JSON.stringify({ planted: faults.length, found: faults.length - missed.length, reports: found, seed }))
  return missed.length === 0
}

async function findPlanted(fault: Fault, servers: Servers, { seed, says, say }: SelfTestOptions): Promise<string[]> {
  const { name, schedule, records = RECORDS } = fault
  const file = fileURLToPath(new URL(`faults/${name}.ts`, import.meta.url))
  const extraEnv = { NODE_OPTIONS: `--import ${file}` }
  const harness = await openHarness(servers, { name: `fault-${name}`, says, extraEnv })
  const { verdict, evidence, seconds } = await runChaos(harness, {
    seed,
    schedule,
    records,
    hopelessAfterMs: HOPELESS_AFTER_MS,
  })
  await harness.close()
  const report = describe(verdict)
  say(`${name}: ${report.join(', ') || 'NOTHING FOUND'}; ${seconds.toFixed(0)} s`)
  if (says) say(tellStories(verdict, evidence, harness.chronicle))
  return report
}

function describe({ lost, duplicated, paidTwice }: Verdict): string[] {
  return Object.entries({ lost, duplicated, paidTwice })
    .filter(([, all]) => all.length > 0)
    .map(([kind, all]) => `${kind} ${all.length}`)
}
