import { judgeRefusals } from './database-faults.ts'
import type { Harness } from './harness.ts'
import type { Evidence } from './judge.ts'
import { lengthOf } from './live-view.ts'
import type { ChaosResult } from './run-chaos.ts'
import type { Schedule } from './schedule.ts'
import { NAMED_POINTS, type Tally } from './strike.ts'

const STRIKES_PER_POINT = 5
const STANDBY_CHANGES = 10
/** From so many kills on, every named point must have been hit often enough. */
const FULL_RUN = 100
const SHARE_IN_FLIGHT = 0.9
/** Where everything ends as a dead letter there is little to be lost, doubled or paid twice. */
const SHARE_DEAD = 0.05

/** The figures of a run, and in `faulty` what was not as it must be. */
export function summarise(result: ChaosResult, harness: Harness, seed: number, schedule: Schedule) {
  const figures = readFigures(result, harness, seed)
  return { figures, faulty: findFaulty(figures, result.tally, schedule) }
}

function readFigures({ verdict, evidence, tally, denials, seconds }: ChaosResult, harness: Harness, seed: number) {
  return {
    records: evidence.sources.length,
    lost: verdict.lost.length,
    duplicated: verdict.duplicated.length,
    unknown: verdict.unknown.length,
    paidTwice: verdict.paidTwice.length,
    askedAgain: verdict.askedAgain,
    mayBeAskedAgain: verdict.mayBeAskedAgain,
    early: verdict.early,
    retriesEarly: verdict.retriesEarly.length,
    denied: denials.length,
    kills: tally.kills,
    killsInFlight: tally.killsInFlight,
    stops: tally.stops,
    standbyChanges: tally.standbyChanges,
    laneMoves: harness.lane.moves,
    faults: tally.faults,
    points: Object.fromEntries(tally.points),
    brokerFaults: Object.fromEntries(tally.brokerFaults),
    brokerFaultsAtWork: tally.brokerFaultsAtWork,
    leaderMoves: tally.leaderMoves,
    refusals: tally.refusals,
    poison: harness.feeder.poisoned,
    deadLetters: evidence.outcomes.filter(({ kind }) => kind === 'dead letter').length,
    deadLettersByCode: countCodes(evidence.outcomes),
    retries: evidence.returns.length,
    calls: evidence.calls.length,
    exits: harness.members.reduce((sum, { exits }) => sum + exits, 0),
    longestPauseSeconds: Math.round(lengthOf(harness.live.longestPause) / 1_000),
    seconds: Math.round(seconds),
    seed,
  }
}

function countCodes(outcomes: Evidence['outcomes']): Record<string, number> {
  const codes = outcomes.flatMap(({ code }) => (code === undefined ? [] : [code]))
  return Object.fromEntries([...Map.groupBy(codes, (code) => code)].map(([code, same]) => [code, same.length]))
}

type Figures = ReturnType<typeof readFigures>

function findFaulty(figures: Figures, { points, refusals }: Tally, schedule: Schedule): string[] {
  const asked = countKills(schedule)
  const clean = ['lost', 'duplicated', 'unknown', 'paidTwice', 'early', 'retriesEarly', 'denied'] as const
  const faulty = clean.filter((name) => figures[name] > 0).map((name) => `${name} ${figures[name]}`)
  if (figures.askedAgain > figures.mayBeAskedAgain) faulty.push(`askedAgain ${figures.askedAgain}`)
  if (figures.kills < asked) faulty.push(`only ${figures.kills} of ${asked} kills`)
  if (figures.killsInFlight < Math.floor(figures.kills * SHARE_IN_FLIGHT))
    faulty.push(`only ${figures.killsInFlight} kills in flight`)
  const brokerFaults = schedule.servers.filter(({ kind }) => kind === 'broker').length
  if (figures.brokerFaultsAtWork < Math.floor(brokerFaults * SHARE_IN_FLIGHT))
    faulty.push(`only ${figures.brokerFaultsAtWork} of ${brokerFaults} faults of brokers while results came`)
  const { deadLetters, poison } = figures
  if (deadLetters < poison || deadLetters - poison > figures.records * SHARE_DEAD)
    faulty.push(`${deadLetters} dead letters, ${poison} of them for poison`)
  faulty.push(...judgeRefusals(refusals, deadLetters - poison))
  // Poison ends them, and is meant to; nothing else may.
  if (poison === 0 && figures.exits > 0) faulty.push(`${figures.exits} processes ended by themselves: see --verbose`)
  if (asked < FULL_RUN) return faulty
  for (const point of NAMED_POINTS)
    if ((points.get(point) ?? 0) < STRIKES_PER_POINT) faulty.push(`${point}: only ${points.get(point) ?? 0}`)
  if (figures.standbyChanges < STANDBY_CHANGES) faulty.push(`only ${figures.standbyChanges} changes of standby`)
  return faulty
}

export function countKills({ lane, around }: Schedule): number {
  return [...lane, ...around].filter((step) => step.kind === 'strike' && step.point !== 'inside a save').length
}
