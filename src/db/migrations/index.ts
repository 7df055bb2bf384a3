import { M0001FirstTables } from './m0001-first-tables.ts'
import { M0002LaneAndArtwork } from './m0002-lane-and-artwork.ts'
import { M0004Quota } from './m0004-quota.ts'
import { M0005Operators } from './m0005-operators.ts'
import { M0006Delivery } from './m0006-delivery.ts'
import { M0007AmazonDay } from './m0007-amazon-day.ts'
import { M0009Review } from './m0009-review.ts'
import { M0010CrashMarks } from './m0010-crash-marks.ts'
import { M0011OpenCandidates } from './m0011-open-candidates.ts'
import { M0012Forgotten } from './m0012-forgotten.ts'
import { M0013ToldByAmazon } from './m0013-told-by-amazon.ts'
import { M0015DeadlyRecords } from './m0015-deadly-records.ts'
import { M0020ModelCalls } from './m0020-model-calls.ts'

/**
 * In the order in which they run; what a released one comes to is never changed. Each only adds what builds before it need
 * not know (columns with a default, tables, looser checks): those run on beside the new one. What nobody uses any more goes
 * a version later.
 */
export const MIGRATIONS = [
  { name: 'm0001-first-tables', class: M0001FirstTables },
  { name: 'm0002-lane-and-artwork', class: M0002LaneAndArtwork },
  { name: 'm0004-quota', class: M0004Quota },
  { name: 'm0005-operators', class: M0005Operators },
  { name: 'm0006-delivery', class: M0006Delivery },
  { name: 'm0007-amazon-day', class: M0007AmazonDay },
  { name: 'm0009-review', class: M0009Review },
  { name: 'm0010-crash-marks', class: M0010CrashMarks },
  { name: 'm0011-open-candidates', class: M0011OpenCandidates },
  { name: 'm0012-forgotten', class: M0012Forgotten },
  { name: 'm0013-told-by-amazon', class: M0013ToldByAmazon },
  { name: 'm0015-deadly-records', class: M0015DeadlyRecords },
  { name: 'm0020-model-calls', class: M0020ModelCalls },
]
