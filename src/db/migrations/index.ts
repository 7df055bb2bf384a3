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
import { M0021LargeTables } from './m0021-large-tables.ts'
import { M0022LedgerByTopic } from './m0022-ledger-by-topic.ts'
import { M0023TopicIds } from './m0023-topic-ids.ts'
import { M0024HeededTombstones } from './m0024-heeded-tombstones.ts'
import { M0025FormerImages } from './m0025-former-images.ts'
import { M0026OpenSince } from './m0026-open-since.ts'
import { M0027VacuumSooner } from './m0027-vacuum-sooner.ts'
import { MIGRATION_NAMES } from './names.ts'

const CLASSES: Record<(typeof MIGRATION_NAMES)[number], typeof M0001FirstTables> = {
  'm0001-first-tables': M0001FirstTables,
  'm0002-lane-and-artwork': M0002LaneAndArtwork,
  'm0004-quota': M0004Quota,
  'm0005-operators': M0005Operators,
  'm0006-delivery': M0006Delivery,
  'm0007-amazon-day': M0007AmazonDay,
  'm0009-review': M0009Review,
  'm0010-crash-marks': M0010CrashMarks,
  'm0011-open-candidates': M0011OpenCandidates,
  'm0012-forgotten': M0012Forgotten,
  'm0013-told-by-amazon': M0013ToldByAmazon,
  'm0015-deadly-records': M0015DeadlyRecords,
  'm0020-model-calls': M0020ModelCalls,
  'm0021-large-tables': M0021LargeTables,
  'm0022-ledger-by-topic': M0022LedgerByTopic,
  'm0023-topic-ids': M0023TopicIds,
  'm0024-heeded-tombstones': M0024HeededTombstones,
  'm0025-former-images': M0025FormerImages,
  'm0026-open-since': M0026OpenSince,
  'm0027-vacuum-sooner': M0027VacuumSooner,
}

/** In their order. Apart from their names, which a command asks for: they bring MikroORM with them. */
export const MIGRATIONS = MIGRATION_NAMES.map((name) => ({ name, class: CLASSES[name] }))
