/**
 * Makes a gate that lets at most `max` tasks run at once; the others wait in the order in which they came.
 *
 * @returns runs a task when a place is free and settles like it
 */
export function limitConcurrency(max: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0

  return async (task) => {
    if (running < max) running++
    // The place is handed over by whoever leaves, so `running` stays as it is.
    else await new Promise<void>((enter) => waiting.push(enter))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
