const TICK_MS = 2
/** Timers ring a little late on a machine at rest, too: up to here the moment of looking is the moment of arrival. */
const ORDINARY_MS = 3 * TICK_MS

let watchers = 0
let timer: NodeJS.Timeout | undefined
let lastTick = 0
let tickBefore = 0

function tick(): void {
  tickBefore = lastTick
  lastTick = performance.now()
}

/**
 * Tells when a request arrived that is read now. A process reads its sockets between other work, and a busy machine
 * stops it for tens of milliseconds: by the moment of reading alone a request would look late, and the next one, which
 * came in its time, early. So a server that judges the pace of others must know when it did not look itself.
 */
export interface ArrivalClock {
  /** The earliest moment at which what is read at `now` can have arrived: `now`, unless this process stood still before it. */
  earliest(now: number): number
  close(): void
}

/** Moments are those of performance.now(). */
export function watchArrivals(): ArrivalClock {
  if (watchers === 0) {
    lastTick = performance.now()
    tickBefore = lastTick
    timer = setInterval(tick, TICK_MS).unref()
  }
  watchers += 1
  return {
    // The tick before the last: after a standstill timers ring first, and only then sockets are read.
    earliest: (now) => (now - tickBefore > ORDINARY_MS ? tickBefore : now),
    close() {
      watchers -= 1
      if (watchers === 0) clearInterval(timer)
    },
  }
}
