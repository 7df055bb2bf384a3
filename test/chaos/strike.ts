import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerFaultName } from './broker-faults.ts'
import { now } from './clock.ts'
import type { RefusalFigures } from './database-faults.ts'
import type { Harness } from './harness.ts'
import type { Member } from './member.ts'
import type { Random } from './random.ts'
import type { Hook, Piece } from './wire-proxy.ts'

/** Where a kill or stop hits. */
export type Point =
  | 'between publish and commit'
  | 'EndTxn on the wire'
  | 'between answer and checkpoint'
  | 'during a rebalance'
  | 'standby coming and going'
  | 'inside a save'
  | 'right after a commit'
  | 'anywhere'

export const NAMED_POINTS: Point[] = [
  'between publish and commit',
  'EndTxn on the wire',
  'between answer and checkpoint',
  'during a rebalance',
  'standby coming and going',
  'inside a save',
]

/** What the strikes of a run came to. */
export class Tally {
  kills = 0
  killsInFlight = 0
  stops = 0
  /** Times that a worker without the lane came or went. */
  standbyChanges = 0
  faults = 0
  /** Changes of a partition's leader that were asked for and came. */
  leaderMoves = 0
  /** Faults of brokers that began while results came. */
  brokerFaultsAtWork = 0
  readonly brokerFaults = new Map<BrokerFaultName, number>()
  readonly refusals: RefusalFigures[] = []
  readonly points = new Map<Point, number>()

  count(point: Point): void {
    this.points.set(point, (this.points.get(point) ?? 0) + 1)
  }
}

/** What a strike is given. */
export interface StrikeContext {
  harness: Harness
  tally: Tally
  random: Random
  /** Whether troubles that time makes worse may take their time. */
  isLong: boolean
}

const LANE_COMES_WITHIN_MS = 30_000
const FLOWING = 5
const FLOWS_WITHIN_MS = 60_000

/** SIGKILL, now. It is started again at once, or after up to 5 s. */
export async function kill({ harness, tally, random }: StrikeContext, member: Member, point: Point): Promise<void> {
  const isInFlight = hasWork(harness, member)
  tally.kills += 1
  if (isInFlight) tally.killsInFlight += 1
  tally.count(point)
  harness.chronicle.note(`SIGKILL: ${point}${isInFlight ? '' : ' (idle)'}`, member.name)
  const death = member.kill()
  const pauseMs = random.chance(0.5) ? 0 : random.between(0, 5_000)
  void death.then(() => sleep(pauseMs)).then(() => member.start())
  await death
}

/** Whether the process has something to do that is not done: told by the topics and the wire. */
export function hasWork({ lane, live, feeder }: Harness, member: Member): boolean {
  if (lane.hasOpenTransaction(member)) return true
  if (member.role === 'worker') return lane.owner === member && feeder.countMissing(live.finished) > 0
  if (member.role === 'intake') return feeder.countMissing(live.forwarded) > 0
  return live.retryCopies > live.returnedCopies
}

/** The worker that has the lane and has work; undefined when there is none for a long while. */
export async function busyOwner({ harness }: StrikeContext): Promise<Member | undefined> {
  const deadline = now() + LANE_COMES_WITHIN_MS
  while (now() < deadline) {
    const owner = await harness.lane.ownerUp(deadline - now())
    if (owner !== undefined && harness.feeder.countMissing(harness.live.finished) > 0) return owner
    await sleep(100)
  }
  return undefined
}

/**
 * Resolves with the first piece of one of these members' proxies that `meets`. It is kept back, with all behind it, until
 * the answer's `decide` is called.
 *
 * @returns undefined when none comes within the time
 */
export async function catchPiece(
  members: Member[],
  server: 'kafka' | 'database',
  meets: (piece: Piece, member: Member) => boolean,
  timeoutMs: number,
): Promise<{ member: Member; piece: Piece; decide(fate: 'pass' | 'drop'): void } | undefined> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof catchPiece>>>()
  let isCaught = false
  const hooks = members.map((member) => {
    const hook: Hook = (piece) => {
      if (isCaught || !meets(piece, member)) return undefined
      isCaught = true
      const fate = Promise.withResolvers<'pass' | 'drop'>()
      resolve({ member, piece, decide: fate.resolve })
      return fate.promise
    }
    member[server].hooks.add(hook)
    return { member, hook }
  })
  const timer = setTimeout(() => resolve(undefined), timeoutMs)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    for (const { member, hook } of hooks) member[server].hooks.delete(hook)
  }
}

/** Resolves with whether so many results have come that the lane is at work, as it must be before it is struck. */
export function untilAtWork({ live }: Harness): Promise<boolean> {
  const flowing = live.finished.size + FLOWING
  return until(() => live.finished.size >= flowing, FLOWS_WITHIN_MS)
}

/** A time limit on a condition that something else makes true. */
export async function until(condition: () => boolean, timeoutMs: number, everyMs = 50): Promise<boolean> {
  const deadline = now() + timeoutMs
  while (!condition()) {
    if (now() > deadline) return false
    await sleep(everyMs)
  }
  return true
}
