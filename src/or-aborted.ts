/**
 * Waits for a promise, or for the signal, whichever is first. The promise itself goes on.
 *
 * @throws the signal's reason when it aborts first
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    // The abort stands first: where both are settled (a timer that rejects because of the signal) its reason counts.
    return await Promise.race([aborted.promise, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
