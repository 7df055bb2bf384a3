import { M0001FirstTables } from './m0001-first-tables.ts'

/** In the order in which they run; a released one is never changed. */
export const MIGRATIONS = [{ name: 'm0001-first-tables', class: M0001FirstTables }]
