import { EnrichmentError, type ErrorCode } from '../errors.ts'

/** Inflated bytes of one record batch. A producer's batch of 1 MB of albums has 5 to 10. */
export const MOST_BATCH_BYTES = 33_554_432
/** Records of one batch: each costs memory, however few bytes it has. */
export const MOST_BATCH_RECORDS = 100_000
/** Bytes of a value, uncompressed: more than any topic of ours takes of it. */
export const MOST_VALUE_BYTES = 8_388_608
export const MOST_HEADERS = 2_000
/** Bytes of a record's headers together, names and values. */
export const MOST_HEADER_BYTES = 1_048_576

/** Why a record, or a batch of them, was not decoded. It is never thrown: what reads on must come past it. */
export interface DecodingFault {
  error: EnrichmentError
  /** Of a batch that was not opened: one delivery, at its last offset, stands for all its records. */
  batch?: UnopenedBatch
}

/** What is known of a batch without opening it. */
export interface UnopenedBatch {
  firstOffset: bigint
  lastOffset: bigint
  /** As its producer says. */
  records: number
  /** Of the whole batch as Kafka stores it. */
  bytes: number
  sha256: string
}

export const decodingFault = (code: ErrorCode, message: string): DecodingFault => ({
  error: new EnrichmentError(code, message),
})
