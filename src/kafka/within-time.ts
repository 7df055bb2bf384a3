interface Request {
  enhance(extras: { signal: AbortSignal }): unknown
}

/**
 * A middleware of the registry's client (mappersmith 2.47) that ends its requests. Its own time-out is of a silent socket:
 * an answer that drips would be waited for as long as it does, and one whose server dies in the middle for ever, with
 * everybody who asks for the same schema.
 *
 * @returns what makes requests reject with an Error of status 408 when the whole answer is not there in time
 */
export const withinTime = (timeoutMs: number) => () => {
  const late = new AbortController()
  return {
    async prepareRequest(next: () => Promise<Request>) {
      return (await next()).enhance({ signal: late.signal })
    },
    async response<T>(next: () => Promise<T>): Promise<T> {
      const { promise, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        reject(Object.assign(new Error(`no whole answer in ${timeoutMs / 1_000} s`), { status: 408 }))
        late.abort()
      }, timeoutMs)
      try {
        return await Promise.race([promise, next()])
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
