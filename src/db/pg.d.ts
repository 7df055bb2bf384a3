/** What we use of pg, which brings no types. */
declare module 'pg' {
  import type { EventEmitter } from 'node:events'

  interface Client extends EventEmitter {
    query(statement: string | { name?: string; text: string; values: unknown[] }): Promise<{ rows: object[] }>
    release(isLost?: boolean): void
  }

  const pg: {
    Pool: new (
      options: object,
    ) => {
      /** What its connections are made with. */
      Client: new (
        options: object,
      ) => never
      on(event: 'connect', listener: (client: Client) => void): void
      on(event: 'error', listener: () => void): void
      connect(): Promise<Client>
      query: Client['query']
      end(): Promise<void>
    }
    TypeOverrides: new () => { setTypeParser(type: number, parse: (text: string) => string): void }
  }
  export default pg
}
