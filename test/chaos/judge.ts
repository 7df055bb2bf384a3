import type { Disturbance, Outage } from './chronicle.ts'
import type { PaidCall } from './stand-ins.ts'

/** A record's place on album.imported, as `partition/offset`. */
export type Position = string

/** All that a run left behind, without a look into the service's own tables. */
export interface Evidence {
  /** Every record of album.imported. */
  sources: { position: Position; albumId: string }[]
  /** Every result with the reason `imported`, and every dead letter, by the record of album.imported that it is of. */
  outcomes: { position: Position; kind: 'result' | 'dead letter'; at: number; code?: string }[]
  /** What intake made of the records, as somebody reads it who has nothing to do with the service. */
  requests: { position: Position; offset: string; at: number }[]
  calls: PaidCall[]
  disturbances: Disturbance[]
  outages: Outage[]
  /** Copies that came back from a retry topic to express. Milliseconds since 1970, by the broker's clock. */
  returns: { place: string; at: number; notBefore: number }[]
  /** Requests that Amazon's stand-in refused as early. */
  early: number
}

export interface Verdict {
  lost: Position[]
  duplicated: Position[]
  /** Outcomes of no record that was imported. */
  unknown: Position[]
  /** Calls that were not to be made. */
  paidTwice: PaidCall[]
  /** Calls made again, each with good reason. */
  askedAgain: number
  /** How many had a good reason to be made again. */
  mayBeAskedAgain: number
  early: number
  retriesEarly: string[]
}

/** An answer must be stored so soon after it has left; what happens later must not cost it. */
const STORED_WITHIN_MS = 1_000

export function judge(evidence: Evidence): Verdict {
  const counts = new Map<Position, number>(evidence.sources.map(({ position }) => [position, 0]))
  const unknown = evidence.outcomes.map(({ position }) => position).filter((position) => !counts.has(position))
  for (const { position } of evidence.outcomes) counts.set(position, (counts.get(position) ?? 0) + 1)
  for (const position of unknown) counts.delete(position)
  const positionsWith = (fits: (count: number) => boolean) =>
    [...counts].filter(([, count]) => fits(count)).map(([position]) => position)
  return {
    lost: positionsWith((count) => count === 0),
    duplicated: positionsWith((count) => count > 1),
    unknown,
    ...judgeCalls(evidence),
    early: evidence.early,
    retriesEarly: evidence.returns.filter(({ at, notBefore }) => at < notBefore).map(({ place }) => place),
  }
}

function judgeCalls(evidence: Evidence): Pick<Verdict, 'paidTwice' | 'askedAgain' | 'mayBeAskedAgain'> {
  const paidTwice: PaidCall[] = []
  let askedAgain = 0
  const ours = evidence.calls.filter(({ album }) => album !== undefined)
  for (const calls of Map.groupBy(ours, ({ server, question }) => `${server} ${question}`).values()) {
    calls.sort((one, other) => one.at - other.at)
    for (const [index, call] of calls.entries()) {
      // A call that got no good answer was not paid for.
      const earlier = calls.slice(0, index).filter(({ answeredAt }) => answeredAt !== null)
      if (earlier.length === 0) continue
      const isExcused = earlier.every((paid) => mayBeLost(paid, evidence) || isOfFormerOwner(call, paid, evidence))
      if (isExcused) askedAgain += 1
      else paidTwice.push(call)
    }
  }
  return { paidTwice, askedAgain, mayBeAskedAgain: ours.filter((call) => mayBeLost(call, evidence)).length }
}

/** Whether the call was in the air, or its answer not yet stored, when something happened to its process or its database. */
export function mayBeLost(call: PaidCall, { disturbances, outages }: Evidence): boolean {
  const end = (call.answeredAt ?? Number.POSITIVE_INFINITY) + STORED_WITHIN_MS
  const concerns = ({ process }: { process?: string }) => process === undefined || process === call.process
  return (
    disturbances.some((it) => concerns(it) && it.kind !== 'kafka away' && it.from <= end && it.until >= call.at) ||
    (call.answeredAt !== null &&
      outages.some((it) => concerns(it) && it.from <= end && it.until >= (call.answeredAt ?? 0)))
  )
}

/** Whether it was made by a process that had lost the lane, or was cut off, and could not know yet what another had paid for. */
function isOfFormerOwner(call: PaidCall, paid: PaidCall, { disturbances }: Evidence): boolean {
  if (paid.process === call.process) return false
  return disturbances.some(
    (it) =>
      (it.process === undefined || it.process === call.process) &&
      it.kind !== 'kill' &&
      it.kind !== 'cut' &&
      it.from <= call.at &&
      call.at <= it.until,
  )
}
