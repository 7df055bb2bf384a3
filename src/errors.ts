import { redact } from './redact.ts'

/**
 * Every way in which this service can fail, by a stable code. Dashboards, dead letters and people refer to the codes,
 * so a code is never renamed; messages may change.
 */
export const ERROR_CODES = {
  // Records
  RECORD_UNDECODABLE: 'the bytes are not what the schema says',
  SCHEMA_UNKNOWN: 'the record names a schema id that the registry does not know',
  RECORD_INVALID: 'a field of the record is missing or senseless',
  RECORD_TOO_LARGE: 'the record is larger than Kafka takes',
  CRASHED_DECODER: 'whatever reads this record dies, or does not come to an end',
  CRASHED_WORKER: 'the process died each time it worked on this album, also when on nothing else',
  // Amazon
  AMAZON_THROTTLED: 'Amazon asks to slow down',
  AMAZON_ONLY_THROTTLES: 'Amazon has said nothing but "slow down" for minutes: the account may have no access',
  AMAZON_DAY_SPENT: "the account's Amazon requests of the day are spent",
  AMAZON_NOT_ELIGIBLE: 'the associate account is not eligible for the API',
  AMAZON_FORBIDDEN: 'Amazon refuses this account for another reason',
  AMAZON_BAD_CREDENTIALS: 'the credential id, secret or version is wrong',
  AMAZON_TOKEN_REFUSED: 'Amazon refuses the access token, also a new one',
  AMAZON_INVALID_PARTNER_TAG: 'the partner tag is wrong or not linked to the credential',
  AMAZON_INVALID_REQUEST: 'Amazon calls the request invalid',
  AMAZON_API_RETIRED: 'Amazon has switched this API off',
  AMAZON_UNAVAILABLE: 'Amazon fails, does not answer, or answers with something else than a reply',
  // Model
  MODEL_BAD_CREDENTIALS: 'the model host refuses the API key',
  MODEL_QUOTA_SPENT: 'the account at the model host has no credit left',
  MODEL_NOT_FOUND: 'the model host knows no model of that name, or there is none at that address',
  MODEL_INVALID_REQUEST: 'the model host calls the request invalid',
  MODEL_THROTTLED: 'the model host asks to slow down',
  MODEL_ONLY_THROTTLES: 'the model host has said nothing but "slow down" for minutes',
  MODEL_UNAVAILABLE: 'the model host fails or does not answer',
  MODEL_PROMPT_REFUSED: 'the model, or a filter at its host, refuses to judge this album',
  MODEL_BAD_ANSWER: 'the model was cut off, or answered outside the schema',
  MODEL_TOKENS_SPENT: 'the tokens that a day may cost (MODEL_TOKENS_PER_DAY) are spent',
  MODEL_DAY_SPENT:
    'the tokens that a day may cost are spent, and the lane waits for the next (MODEL_TOKENS_SPENT=hold)',
  // Artwork
  ARTWORK_HOST_REFUSED: 'the image is on a host that is not allowed, or not behind https',
  ARTWORK_ADDRESS_REFUSED: 'the image host resolves to an address that is not public',
  ARTWORK_TOO_LARGE: 'the image has too many bytes or pixels',
  ARTWORK_TOO_SMALL: 'the image is a placeholder or a thumbnail',
  ARTWORK_NOT_AN_IMAGE: 'what came is not a whole JPEG, PNG, WebP or GIF image',
  ARTWORK_NOT_FOUND: 'the image host does not give the image out',
  ARTWORK_UNAVAILABLE: 'the image host fails or does not answer',
  // Our own servers
  KAFKA_UNAVAILABLE: 'Kafka fails or does not answer',
  KAFKA_BAD_CREDENTIALS: 'Kafka refuses the login',
  KAFKA_FORBIDDEN: 'Kafka refuses a right that the service needs',
  KAFKA_PROTOCOL_MISMATCH: 'Kafka and the service do not speak the same protocol, or trust different certificates',
  REGISTRY_UNAVAILABLE: 'the schema registry fails or does not answer',
  DATABASE_UNAVAILABLE: 'PostgreSQL fails or does not answer',
  DATABASE_READ_ONLY: 'PostgreSQL only lets read: it is a standby, or became one',
  DATABASE_BAD_CREDENTIALS: 'PostgreSQL refuses the login',
  DATABASE_FORBIDDEN: 'PostgreSQL refuses a right that the service needs',
  DATABASE_FULL: 'PostgreSQL has no space left on its disk',
  DATA_REFUSED: 'PostgreSQL refuses what was to be stored of the album, as no server would take it',
  STORE_UNAVAILABLE: 'the object store fails or does not answer',
  // Set-up
  CONFIG_INVALID: 'settings are missing or wrong',
  TOPIC_WRONG: 'a topic is missing or would lose or reorder requests',
  SCHEMA_NOT_REGISTERED: "this build's schema is not in the registry",
  TABLES_OUTDATED: 'the database lacks migrations of this build',
  DATABASE_MISSING: 'the database that DATABASE_URL names is not there',
  FILE_UNUSABLE: 'a file that a command was given cannot be read or written',
  PORT_TAKEN: 'another process has the port of the probes and metrics',
  STARTING: 'the service has not yet met all the servers that it needs',
  // Ours
  ALBUM_TOO_SLOW: 'the album used up its time before it was done',
  ALBUM_FORGOTTEN: 'the album was forgotten while it was worked on',
  LANE_LOST: 'another worker has taken the lane over',
  INTERNAL: 'a fault of this service',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

const TO_BE_MENDED: readonly ErrorCode[] = [
  'CONFIG_INVALID',
  'TOPIC_WRONG',
  'SCHEMA_NOT_REGISTERED',
  'TABLES_OUTDATED',
  'DATABASE_MISSING',
  'FILE_UNUSABLE',
  'PORT_TAKEN',
]
/** One of our own servers answers, and refuses. */
const REFUSED = /^(KAFKA|REGISTRY|DATABASE)_(BAD_CREDENTIALS|FORBIDDEN|PROTOCOL_MISMATCH|READ_ONLY|FULL)$/

/** Whether a person has to mend something before anything else has a point: commands end with status 2 for it. */
export function isToBeMended(code: ErrorCode): boolean {
  return TO_BE_MENDED.includes(code) || REFUSED.test(code)
}

/** The base of everything thrown on purpose. What becomes of a failed request is decided by its code, not here. */
export class EnrichmentError extends Error {
  readonly code: ErrorCode
  /** How long the refusing server asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** What anybody may read of it, as at an open port: no address, no secret. */
  readonly publicDetail: string | undefined

  /** @param message what failed, for which id, and what to do next; what other servers say in it is redacted */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; publicDetail?: string } = {},
  ) {
    super(redact(message), 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'EnrichmentError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.publicDetail = options.publicDetail
  }
}

/** Whatever was thrown, as an EnrichmentError: what is not one already becomes INTERNAL and keeps its message. */
export function toEnrichmentError(thrown: unknown): EnrichmentError {
  if (thrown instanceof EnrichmentError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new EnrichmentError('INTERNAL', message, { cause: thrown })
}

/** What one thing failed with, for each of those who waited for it an error of its own: who looks after it marks it. */
export function copyOf(error: unknown): unknown {
  if (!(error instanceof EnrichmentError)) return error
  const { code, message, retryAfterMs } = error
  return new EnrichmentError(code, message, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
