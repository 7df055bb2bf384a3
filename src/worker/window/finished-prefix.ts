/** The finished deliveries from the head of each topic on: what may be published. Gaps in the offsets mean nothing. */
export function finishedPrefix<T>(delivered: readonly T[], isFinished: (item: T) => boolean): T[] {
  const unfinished = delivered.findIndex((item) => !isFinished(item))
  return delivered.slice(0, unfinished === -1 ? delivered.length : unfinished)
}
