import { type EnrichmentError, ERROR_CODES } from '../errors.ts'
import type { ArtworkStatus, DecidedBy, Outcome } from '../events.ts'
import { metrics } from '../metrics.ts'
import { isRetried } from '../retry/decide-retry.ts'
import type { RetryTier } from '../retry-delays.ts'
import type { Role } from '../roles.ts'

// As records, so that one which is missing does not compile.
const DECIDERS: Record<DecidedBy, true> = { identifier: true, rules: true, model: true, person: true }
const VERDICTS = ['accept', 'reject', 'open'] as const
const ARTWORK: Record<ArtworkStatus, true> = {
  stored: true,
  linked: true,
  kept: true,
  none: true,
  pending: true,
  failed: true,
  off: true,
}
const OUTCOMES: Record<Outcome, true> = { matched: true, needs_review: true, no_match: true, not_found: true }
const TOMBSTONES = ['forgotten', 'unknown', 'unusable'] as const

/**
 * Tells 0 of what has not happened yet. A counter that appears with its first event shows Prometheus no rise: after each
 * start the first ones would be missing in every figure of the last hour.
 */
export function startCounters(
  roles: Role[],
  { marketplace, tiers }: { marketplace: string; tiers: RetryTier[] },
): void {
  const codes = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]
  for (const code of codes) metrics.deadLetters.inc({ code }, 0)
  if (roles.includes('intake')) for (const result of TOMBSTONES) metrics.tombstones.inc({ result }, 0)
  if (!roles.includes('worker')) return
  for (const by of Object.keys(DECIDERS)) for (const verdict of VERDICTS) metrics.verdicts.inc({ by, verdict }, 0)
  for (const status of Object.keys(ARTWORK)) metrics.artwork.inc({ status }, 0)
  for (const outcome of Object.keys(OUTCOMES)) metrics.results.inc({ outcome, marketplace }, 0)
  for (const { label: tier } of tiers)
    for (const code of codes.filter(isRetried)) metrics.retries.inc({ tier, code }, 0)
  for (const result of ['ok', ...codes.filter((code) => code.startsWith('MODEL_'))])
    metrics.modelCalls.inc({ result }, 0)
}

/**
 * For the metrics of a process that cannot start yet: its parts do not run, and what they wait for is told as a hold.
 *
 * @returns to be told of the server that is waited for, and of null when it has come
 */
export function tellStartWaits(roles: Role[]): (away: EnrichmentError | null) => void {
  if (roles.includes('worker'))
    for (const state of ['running', 'paused', 'held'] as const) metrics.laneState.set({ state }, 0)
  let shown: string[] = []
  return (away) => {
    for (const cause of shown) metrics.laneHeld.remove({ cause })
    const { code } = away ?? {}
    shown = code === undefined ? [] : roles.flatMap((role) => causeOf(role, code))
    for (const cause of shown) metrics.laneHeld.set({ cause }, 1)
    if (roles.includes('worker')) metrics.laneState.set({ state: 'held' }, away === null ? 0 : 1)
  }
}

const causeOf = (role: Role, code: string) => (role === 'worker' ? [code] : role === 'intake' ? [`intake_${code}`] : [])
