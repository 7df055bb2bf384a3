/** Milliseconds since 1970 with fractions; comparable among the processes of this machine, and never set back. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
