// The package brings no types. Its results are class instances that mirror the reply's JSON; they are read as unknown.

declare module 'amazon-paapi' {
  interface CommonParameters {
    AccessKey: string
    SecretKey: string
    PartnerTag: string
    PartnerType: 'Associates'
    /** Only picks the host and the region. */
    Marketplace: string
  }
  type Operation = (common: CommonParameters, request: Record<string, unknown>) => Promise<unknown>
  const paapi: { GetItems: Operation; SearchItems: Operation }
  export default paapi
}

declare module 'amazon-paapi/SDK/src/index.js' {
  const sdk: {
    ApiClient: {
      /** The one client of the process. */
      instance: {
        /** Milliseconds until the SDK itself gives a request up. */
        timeout: number
        buildUrl: (path: string) => string
      }
    }
  }
  export default sdk
}
