const FIRST_MS = 1_000
/** A broker that is back lets a group go on once the sessions of its former members are over, 6 s; ten must do for all. */
const LONGEST_MS = 2_000
/** What has lived so long fails for the first time. */
const LIVED_MS = 60_000

/** How long to wait after each failure, in milliseconds: longer after each that follows soon. The time counts from now on. */
export function restartPauses(): () => number {
  let since = performance.now()
  let failures = 0
  return () => {
    failures = performance.now() - since > LIVED_MS ? 1 : failures + 1
    const pauseMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS)
    since = performance.now() + pauseMs
    return pauseMs
  }
}
