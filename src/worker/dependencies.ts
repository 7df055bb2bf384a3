import { ERROR_CODES, type ErrorCode } from '../errors.ts'
import { Breaker } from '../holds/breaker.ts'
import type { NewHold } from '../holds/lane-state.ts'
import { isOutage } from '../retry/decide-retry.ts'
import type { AlbumClock } from './window/album-clock.ts'

/** On whose behalf a dependency is called. */
export interface Caller {
  requestId: string
  clock: AlbumClock
}

/**
 * Does work that needs a dependency, and waits while that is away. The album's clock stands meanwhile, also in the probe and
 * in calls that are under way then, which end by time-outs of their own. The work is handed the signal that ends it, which
 * may be another than the caller's: see whileOwner.
 */
type Call = <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, caller?: Caller) => Promise<T>

type Name = 'amazon' | 'model' | 'database' | 'registry'

/** What an album needs, each behind a breaker; while one is open the lane is held. */
export interface Dependencies extends Record<Name, Call> {
  /** Whether the server that a failure's code blames went away at a time, in milliseconds since 1970, or later. */
  wentAwayAfter(code: ErrorCode, at: number): boolean
  /** A person says that the cause is gone. */
  probeNow(): void
}

type Rule = Omit<ConstructorParameters<typeof Breaker>[0], 'onChange' | 'stopping'>

/** An album may well bring the model to this; a row of albums shows that the host does so to everybody. */
const NONSENSE: readonly ErrorCode[] = ['MODEL_BAD_ANSWER', 'MODEL_INVALID_REQUEST']

const isNonsense = (code: ErrorCode) => NONSENSE.includes(code)
const isAway = (code: ErrorCode) => isOutage(code) || code.endsWith('_UNAVAILABLE')

/** Others' servers: a failure may be the album's, so those of a few albums are needed; but a refused account is refused for all. */
const foreign = (isTheirs: (code: ErrorCode) => boolean): Rule => ({
  threshold: (code) => (isOutage(code) ? 1 : isNonsense(code) ? 5 : 3),
  isFault: (code, openedBy) =>
    isTheirs(code) && (isAway(code) || (isNonsense(code) && !(openedBy && isAway(openedBy)))),
  firstProbeMs: 1_000,
  longestProbeMs: 30_000,
})

/** Our own servers: nothing can be done without them, and they are probed at no cost. */
const own = (isOurs: (code: ErrorCode) => boolean): Rule => ({
  threshold: () => 1,
  isFault: isOurs,
  firstProbeMs: 250,
  longestProbeMs: 2_000,
})

const RULES: Record<Name, Rule> = {
  amazon: foreign((code) => code.startsWith('AMAZON_')),
  model: foreign((code) => code.startsWith('MODEL_')),
  database: own((code) => code.startsWith('DATABASE_')),
  registry: own((code) => code.startsWith('REGISTRY_')),
}

/**
 * @param hold told under the dependency's name when the lane is to be held for it, and when no longer
 * @param stopping ends all waiting for what is away; everything else is still called
 */
export function createDependencies(
  hold: (name: string, hold: NewHold | null) => void,
  stopping: AbortSignal,
): Dependencies {
  const calls: [Name, Call][] = []
  const breakers = (Object.entries(RULES) as [Name, Rule][]).map(([name, rule]) => {
    const underWay = new Set<UnderWay>()
    const onChange = (open: { code: ErrorCode; message: string } | null) => {
      // What they wait for is away.
      if (open !== null) for (const call of underWay) stand(underWay, call)
      hold(name, open && { cause: open.code, message: open.message, remedy: remedyFor(name, open.code) })
    }
    const breaker = new Breaker({ ...rule, stopping, onChange })
    calls.push([name, callThrough(breaker, underWay)])
    return [name, breaker] as const
  })
  return {
    ...(Object.fromEntries(calls) as Record<Name, Call>),
    wentAwayAfter: (code, at) =>
      breakers.some(([name, { openedAt }]) => RULES[name].isFault(code, null) && openedAt >= at),
    probeNow() {
      for (const [, breaker] of breakers) if (breaker.openedBy !== null) breaker.probeNow()
    },
  }
}

/** A call that is no probe, for which an album's clock runs. */
interface UnderWay {
  clock: AlbumClock | undefined
}

function stand(underWay: Set<UnderWay>, call: UnderWay): void {
  if (underWay.delete(call)) call.clock?.pause()
}

function callThrough(breaker: Breaker, underWay: Set<UnderWay>): Call {
  return async (work, signal, caller) => {
    const clock = caller?.clock
    clock?.pause()
    try {
      return await breaker.run(
        async (signal, isProbe) => {
          // It asks for all who wait. An album whose time it used up would leave with a failure.
          if (isProbe) return work(signal)
          const call = { clock }
          underWay.add(call)
          clock?.resume()
          try {
            return await work(signal)
          } finally {
            stand(underWay, call)
          }
        },
        signal,
        caller?.requestId,
      )
    } finally {
      clock?.resume()
    }
  }
}

const GOES_ON = 'the lane goes on by itself within 2 s'
const SETTING =
  'mend the setting that the message names, and restart (a secret that comes by _FILE is read anew); the lane goes on by itself, at once after `album-enricher resume`'
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  AMAZON_DAY_SPENT:
    'nothing: the lane goes on by itself when the day is over; where the account has more, set AMAZON_REQUESTS_PER_DAY',
  MODEL_DAY_SPENT:
    'nothing: the lane goes on by itself at 00:00 UTC; or raise MODEL_TOKENS_PER_DAY, or set MODEL_TOKENS_SPENT=review, and restart',
  AMAZON_BAD_CREDENTIALS: SETTING,
  AMAZON_INVALID_PARTNER_TAG: SETTING,
  MODEL_BAD_CREDENTIALS: SETTING,
  MODEL_ONLY_THROTTLES:
    'nothing, or see who else uses the key and what its limits are: the lane goes on by itself, and asks every 30 s, or at once after `album-enricher resume`',
  MODEL_NOT_FOUND:
    'give MODEL_NAME a model that the host at OPENAI_BASE_URL has for this key, and restart; the lane goes on by itself',
  DATABASE_READ_ONLY: `point DATABASE_URL at the primary, or make this server one again; ${GOES_ON}`,
  DATABASE_BAD_CREDENTIALS: `mend the login of DATABASE_URL, or the server's pg_hba.conf; ${GOES_ON}, after a restart where the login came in a variable and not by _FILE or _COMMAND`,
  DATABASE_FORBIDDEN: `give the role of DATABASE_URL its rights back (GRANT ... ON ALL TABLES IN SCHEMA ..., which is public unless DATABASE_URL names another); ${GOES_ON}`,
  DATABASE_FULL: `make room on the disk of PostgreSQL; ${GOES_ON}`,
}

/** The hold for a wait that Amazon has asked for. @param until milliseconds since 1970 */
export function explainThrottled(until: number): NewHold {
  return {
    cause: 'AMAZON_THROTTLED',
    message: `429: Amazon asks to slow down; the next request is at ${new Date(until).toISOString()}`,
    remedy:
      'nothing, or see who else uses the credential: the lane goes on by itself, and asks at once after `album-enricher resume`',
  }
}

function remedyFor(name: string, code: ErrorCode): string {
  const known = REMEDIES[code]
  if (known !== undefined) return known
  const isAccount = isOutage(code) && !code.endsWith('_UNAVAILABLE')
  if (isAccount)
    return `${ERROR_CODES[code]}: mend it with the provider; it is tried again every 30 s, or at once after \`album-enricher resume\``
  if (isNonsense(code))
    return 'the model host answers no album as asked: check MODEL_NAME and OPENAI_BASE_URL; it is tried again every 30 s, or at once after `album-enricher resume`'
  return `bring ${name} back; the lane goes on by itself, at once after \`album-enricher resume\``
}
