/**
 * In the order in which they run; what a released one comes to is never changed. Each only adds what builds before it need
 * not know (columns with a default, tables, looser checks): those run on beside the new one. What nobody uses any more goes
 * a version later.
 */
export const MIGRATION_NAMES = [
  'm0001-first-tables',
  'm0002-lane-and-artwork',
  'm0004-quota',
  'm0005-operators',
  'm0006-delivery',
  'm0007-amazon-day',
  'm0009-review',
  'm0010-crash-marks',
  'm0011-open-candidates',
  'm0012-forgotten',
  'm0013-told-by-amazon',
  'm0015-deadly-records',
  'm0020-model-calls',
  'm0021-large-tables',
  'm0022-ledger-by-topic',
  'm0023-topic-ids',
  'm0024-heeded-tombstones',
  'm0025-former-images',
  'm0026-open-since',
  'm0027-vacuum-sooner',
] as const
