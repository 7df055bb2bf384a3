/**
 * Does work with a signal that aborts as soon as one of several does, with its reason.
 *
 * AbortSignal.any says the same, but leaves it to the garbage collector to find out when its signal is over: a call of the
 * model that was given one took a third to a half more CPU.
 */
export async function withFirstAbort<T>(
  signals: readonly AbortSignal[],
  work: (first: AbortSignal) => Promise<T>,
): Promise<T> {
  const first = new AbortController()
  const onAbort = () => first.abort(signals.find(({ aborted }) => aborted)?.reason)
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })
  if (signals.some(({ aborted }) => aborted)) onAbort()
  try {
    return await work(first.signal)
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
  }
}
