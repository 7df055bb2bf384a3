import { setTimeout as sleep } from 'node:timers/promises'
import { strikeBroker } from './broker-faults.ts'
import { now } from './clock.ts'
import { collectEvidence } from './collect-evidence.ts'
import { strikeDatabase } from './database-faults.ts'
import type { Harness } from './harness.ts'
import { type Evidence, judge, type Verdict } from './judge.ts'
import { STRIKES, standbyOnly, stopAnywhere } from './points.ts'
import { Random } from './random.ts'
import type { Schedule, Step } from './schedule.ts'
import { type StrikeContext, Tally } from './strike.ts'
import { TROUBLES } from './troubles.ts'

/** Records a kill, at least; and as many as keep the lane busy. */
const RECORDS_PER_KILL = 20
const LEAST_WAITING = 40
const BURST = 15
/** A named point that does not come is waited for again so often. */
const TRIES = 4
const LAST_LINES = 12
const QUIET_MS = 4_000
/** Nothing more comes when nothing has come for so long; longer than a takeover, a tier's delay and a back-off together. */
const HOPELESS_AFTER_MS = 45_000

export interface ChaosResult {
  verdict: Verdict
  evidence: Evidence
  tally: Tally
  /** What Kafka has denied the service, a line each. */
  denials: string[]
  seconds: number
}

export interface ChaosOptions {
  seed: number
  schedule: Schedule
  /** Records to be fed in all, at least. */
  records: number
  /** Whether two brokers away, or one stopped, are so for as long as in a measured run. */
  isLong?: boolean
  /** When to stop waiting for records that do not come. */
  hopelessAfterMs?: number
  /** Told of the kills, or of the faults of servers where there are no kills. */
  onProgress?: (done: number) => void
}

export const recordsFor = (kills: number) => RECORDS_PER_KILL * kills + RECORDS_PER_KILL

/** Feeds and strikes as the schedule says, lets all run free until nothing more comes, and judges. */
export async function runChaos(harness: Harness, options: ChaosOptions): Promise<ChaosResult> {
  const startedAt = now()
  const { seed, schedule, records, isLong = false, hopelessAfterMs = HOPELESS_AFTER_MS, onProgress } = options
  const tally = new Tally()
  const contextOf = (part: number): StrikeContext => ({ harness, tally, isLong, random: new Random(seed * 7 + part) })
  const progress = { lane: 0, servers: 0, isOver: false }
  const feeding = feed(
    harness,
    records,
    () => (schedule.lane.length === 0 ? 1 : progress.lane),
    () => progress.isOver,
  )

  const lane = (async () => {
    for (const [index, step] of schedule.lane.entries()) {
      const share = index / schedule.lane.length
      while (progress.servers < share && schedule.servers.length > 0) await sleep(100)
      await take(step, contextOf(1_000 + index))
      progress.lane = (index + 1) / schedule.lane.length
      onProgress?.(tally.kills)
    }
  })()
  const around = (async () => {
    for (const [index, step] of schedule.around.entries()) {
      const share = index / schedule.around.length
      while (progress.lane < share && schedule.lane.length > 0) await sleep(100)
      await take(step, contextOf(index))
      onProgress?.(tally.kills)
    }
  })()
  const servers = (async () => {
    for (const [index, step] of schedule.servers.entries()) {
      await take(step, contextOf(2_000 + index))
      progress.servers = (index + 1) / schedule.servers.length
      onProgress?.(schedule.lane.length === 0 ? index + 1 : tally.kills)
    }
  })()
  await Promise.all([lane, around, servers])
  progress.isOver = true
  await feeding
  harness.chronicle.note('left in peace')
  await drain(harness, hopelessAfterMs)
  const evidence = await collectEvidence(harness)
  const denials = harness.servers.kafka.secured?.takeDenials() ?? []
  return { verdict: judge(evidence), evidence, tally, denials, seconds: (now() - startedAt) / 1_000 }
}

async function take(step: Step, context: StrikeContext): Promise<void> {
  if (step.kind === 'trouble') {
    context.tally.faults += 1
    await TROUBLES[step.trouble](context)
    return
  }
  if (step.kind === 'broker') return strikeBroker(step.fault, context)
  if (step.kind === 'database') return strikeDatabase(step.fault, context)
  const tries = step.kind === 'strike' && step.role === 'relay' ? 1 : TRIES
  for (let left = tries; left > 0; left -= 1) {
    const isHit = await attempt(step, context)
    if (isHit) return
    const what = step.kind === 'strike' ? `${step.point} (${step.role})` : step.kind
    context.harness.chronicle.note(`did not come: ${what}`)
  }
  const { lane, chronicle } = context.harness
  if (step.kind === 'strike' && step.role === 'worker')
    chronicle.note(`has the lane; its last lines:\n${lane.owner?.tail(LAST_LINES)}`, lane.owner?.name)
  // The number of kills is promised, whatever there was to hit.
  if (step.kind !== 'strike' || step.point === 'inside a save') return
  for (let left = TRIES; left > 0; left -= 1) if (await STRIKES.anywhere(context, 'worker')) return
}

function attempt(
  step: Exclude<Step, { kind: 'trouble' | 'broker' | 'database' }>,
  context: StrikeContext,
): Promise<boolean> {
  if (step.kind === 'stop') return stopAnywhere(context)
  return step.kind === 'standby' ? standbyOnly(context) : STRIKES[step.point](context, step.role)
}

/** Until all is over: as many as the share of the schedule that is done asks for, and never too little to do. */
async function feed(harness: Harness, records: number, share: () => number, isOver: () => boolean): Promise<void> {
  const { feeder, live } = harness
  do {
    const waiting = feeder.countMissing(live.finished)
    if (feeder.fed < records * share() || waiting < LEAST_WAITING) await feeder.feed(BURST)
    await sleep(200)
  } while (!isOver() || feeder.fed < records)
}

/** Until every album has its outcome and no topic has got a record for a while, or nothing has come for too long. */
async function drain({ feeder, live, members, chronicle }: Harness, hopelessAfterMs: number): Promise<void> {
  const startedAt = now()
  for (;;) {
    await sleep(200)
    for (const member of members) member.start()
    const quietMs = now() - Math.max(live.lastSeenAt, startedAt)
    const missing = feeder.countMissing(live.finished)
    if (missing === 0 && quietMs > QUIET_MS) return
    if (quietMs > hopelessAfterMs) {
      chronicle.note(`${missing} albums do not come`)
      for (const member of members) chronicle.note(`its last lines:\n${member.tail(LAST_LINES)}`, member.name)
      return
    }
  }
}
