const TICK_MS = 2
/** Timers ring a little late on a machine at rest, too: up to here the moment of looking is the moment of arrival. */
const ORDINARY_MS = 3 * TICK_MS
/** A new connection is taken in one turn of the loop and read in a later one: within so many ticks after a standstill. */
const TICKS_KEPT = 6

let watchers = 0
let timer: NodeJS.Timeout | undefined
/** The last ones, the newest at the end. */
let ticks: number[] = []

function tick(): void {
  ticks.push(performance.now())
  if (ticks.length > TICKS_KEPT) ticks.shift()
}

/**
 * Tells when a request arrived that is read now. A process reads its sockets between other work, and a busy machine
 * stops it for tens of milliseconds: by the moment of reading alone a request would look late, and the next one, which
 * came in its time, early. So a server that judges the pace of others must know when it did not look itself.
 */
export interface ArrivalClock {
  /** The earliest moment at which what is read at `now` can have arrived: `now`, unless this process stood still just before it. */
  earliest(now: number): number
  close(): void
}

/** Moments are those of performance.now(). */
export function watchArrivals(): ArrivalClock {
  if (watchers === 0) {
    ticks = [performance.now()]
    timer = setInterval(tick, TICK_MS).unref()
  }
  watchers += 1
  return {
    earliest(now) {
      const moments = [...ticks, now]
      return moments.find((moment, index) => (moments[index + 2] ?? now) - moment > ORDINARY_MS) ?? now
    },
    close() {
      watchers -= 1
      if (watchers === 0) clearInterval(timer)
    },
  }
}
