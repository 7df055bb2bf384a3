import { setTimeout as sleep } from 'node:timers/promises'
import { DATABASE_REFUSALS, type DatabaseRefusal } from '../stack/database-refusals.ts'
import { now } from './clock.ts'
import { moveToSmallDisk } from './full-disk.ts'
import type { Harness } from './harness.ts'
import { HoldWatch } from './hold-watch.ts'
import { type StrikeContext, until, untilAtWork } from './strike.ts'

/** How long PostgreSQL refuses. */
const REFUSED_MS = 60_000
const ALBUMS_A_SECOND = 4
/** From then on the lane must be held for the right cause and no other. */
const HELD_WITHIN_MS = 10_000
const RESULT_WITHIN_MS = 10_000
/** A result that does not come is waited for so long. */
const HOPELESS_AFTER_MS = 60_000

interface PreparedRefusal extends DatabaseRefusal {
  /** When it is over. */
  restore?(): Promise<void>
}

/** Each is prepared while albums flow. */
const DATABASE_FAULTS = {
  databaseReadOnly: async (): Promise<PreparedRefusal> => DATABASE_REFUSALS.databaseReadOnly,
  databasePermissionsRevoked: async (): Promise<PreparedRefusal> => DATABASE_REFUSALS.databasePermissionsRevoked,
  databasePasswordRotated: async (): Promise<PreparedRefusal> => DATABASE_REFUSALS.databasePasswordRotated,
  async databaseDiskFull({ databaseRole }: Harness): Promise<PreparedRefusal> {
    const { fill, empty, remove } = await moveToSmallDisk(databaseRole)
    return { cause: 'DATABASE_FULL', begin: async () => fill(), end: async () => empty(), restore: remove }
  },
}

export type DatabaseFaultName = keyof typeof DATABASE_FAULTS
export const DATABASE_FAULT_NAMES = Object.keys(DATABASE_FAULTS) as DatabaseFaultName[]

/** What a refusal came to, as it was seen from outside. */
export interface RefusalFigures {
  fault: DatabaseFaultName
  cause: string
  /** Whether results came before it began. */
  isAtWork: boolean
  /** Seconds until the lane was first said to be held for this cause alone; null when it never was. */
  heldAfter: number | null
  /** What else was told of the lane later than it may be, and how many looks of how many saw it. */
  mistold: Record<string, number>
  looks: number
  /** Seconds from its end to the next result; null when there was none. */
  resultAfter: number | null
}

/** PostgreSQL refuses for a minute while albums come at a steady rate; is over with the first result, or when none comes. */
export async function strikeDatabase(name: DatabaseFaultName, { harness, tally }: StrikeContext): Promise<void> {
  const { chronicle, live, feeder, members, databaseRole } = harness
  const { cause, begin, end, restore } = await DATABASE_FAULTS[name](harness)
  const isAtWork = await untilAtWork(harness)

  chronicle.note(`${name} begins`)
  const regain = chronicle.loseDatabase()
  const watch = new HoldWatch(members)
  const beganAt = now()
  await begin(databaseRole)
  for (let second = 1; second * 1_000 <= REFUSED_MS; second += 1) {
    await feeder.feed(ALBUMS_A_SECOND)
    await sleep(Math.max(0, beganAt + second * 1_000 - now()))
  }
  await watch.stop()
  const before = live.finished.size
  const endedAt = now()
  await end(databaseRole)
  regain()
  chronicle.note(`${name} ends`)
  const hasResult = await until(() => live.finished.size > before, HOPELESS_AFTER_MS)
  const resultAt = now()
  await restore?.()

  const told = watch.looks.map(({ at, causes }) => ({ afterMs: at - beganAt, causes: causes.join(', ') || 'none' }))
  const held = told.find(({ causes }) => causes === cause)
  const late = told.filter(({ afterMs }) => afterMs > HELD_WITHIN_MS)
  const mistold = Map.groupBy(
    late.filter(({ causes }) => causes !== cause),
    ({ causes }) => causes,
  )
  tally.refusals.push({
    fault: name,
    cause,
    isAtWork,
    heldAfter: held ? inSeconds(held.afterMs) : null,
    mistold: Object.fromEntries([...mistold].map(([causes, looks]) => [causes, looks.length])),
    looks: late.length,
    resultAfter: hasResult ? inSeconds(resultAt - endedAt) : null,
  })
}

const inSeconds = (ms: number) => Math.round(ms / 100) / 10

/** What was not as it must be, a line each. */
export function judgeRefusals(refusals: RefusalFigures[], deadLetters: number): string[] {
  const faulty = refusals.flatMap(({ fault, cause, isAtWork, heldAfter, mistold, resultAfter }) => [
    ...(isAtWork ? [] : [`${fault}: began while nothing came`]),
    ...(heldAfter === null ? [`${fault}: the lane was never held for ${cause}`] : []),
    ...Object.entries(mistold).map(([causes, looks]) => `${fault}: ${looks} looks told ${causes}, not ${cause}`),
    ...(resultAfter === null ? [`${fault}: no result after it`] : []),
    ...(Number(resultAfter) > RESULT_WITHIN_MS / 1_000 ? [`${fault}: first result after ${resultAfter} s`] : []),
  ])
  if (refusals.length > 0 && deadLetters > 0) faulty.push(`${deadLetters} albums were given up`)
  return faulty
}
