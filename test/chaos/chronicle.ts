import { now } from './clock.ts'

/** What was done to the service, or was seen of it, at a moment; `process` absent: to all of them. */
export interface Happening {
  at: number
  process?: string
  what: string
}

/**
 * A time in which a process could lose what it had asked for: from a kill or a stop on, while it was cut off. Work in
 * the air then may be asked again.
 */
export interface Disturbance {
  /** Absent: all processes. */
  process?: string
  kind: 'kill' | 'stop' | 'lane lost' | 'kafka away' | 'cut'
  from: number
  until: number
}

/** A time in which a process could not reach its database; `process` absent: none could. */
export interface Outage {
  process?: string
  from: number
  until: number
}

/** The diary of a run. */
export class Chronicle {
  readonly happenings: Happening[] = []
  readonly disturbances: Disturbance[] = []
  readonly outages: Outage[] = []
  readonly #startedAt = now()
  readonly #says: boolean

  /** @param says whether each happening is also written to standard error */
  constructor(says: boolean) {
    this.#says = says
  }

  note(what: string, process?: string): void {
    const at = now()
    this.happenings.push({ at, what, ...(process !== undefined && { process }) })
    if (this.#says) console.error(`${((at - this.#startedAt) / 1_000).toFixed(1)} s ${process ?? ''} ${what}`)
  }

  /** Seconds since the run began, for people. */
  secondsOf(at: number): string {
    return ((at - this.#startedAt) / 1_000).toFixed(3)
  }

  disturb(kind: Disturbance['kind'], process: string | undefined, from = now(), until = from): Disturbance {
    const disturbance = { kind, from, until, ...(process !== undefined && { process }) }
    this.disturbances.push(disturbance)
    return disturbance
  }

  /** The database is away from now on, until the answer is called. */
  loseDatabase(process?: string): () => void {
    const outage = { from: now(), until: Number.POSITIVE_INFINITY, ...(process !== undefined && { process }) }
    this.outages.push(outage)
    return () => {
      outage.until = now()
    }
  }
}
