import { M0001FirstTables } from './m0001-first-tables.ts'
import { M0002LaneAndArtwork } from './m0002-lane-and-artwork.ts'

/** In the order in which they run; a released one is never changed. */
export const MIGRATIONS = [
  { name: 'm0001-first-tables', class: M0001FirstTables },
  { name: 'm0002-lane-and-artwork', class: M0002LaneAndArtwork },
]
