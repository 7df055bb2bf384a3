import type { SchemaRegistry as RegistryClient } from '@kafkajs/confluent-schema-registry'
import { EnrichmentError } from '../errors.ts'
import type { AvroType } from './avro-type.ts'
import { MOST_VALUE_BYTES } from './decoding-fault.ts'
import { registerSchema } from './register-schema.ts'
import { type RegistryAccess, withoutLogin } from './registry-access.ts'
import { unavailable } from './registry-unavailable.ts'
import { SuspectDecoder } from './suspect-decoder.ts'
import { withinTime } from './within-time.ts'

const TIMEOUT_MS = 5_000
/** An id is Java's int. */
const MOST_ID = 2 ** 31 - 1

/** Reads and writes one record type in Confluent's wire format: a zero byte, the schema id (4 bytes), Avro. */
export interface RecordCodec<T> {
  /**
   * Decodes apart what a process may have died of. What else is wrong with it `decode` tells.
   *
   * @throws EnrichmentError CRASHED_DECODER when it is not to be decoded here (final), REGISTRY_UNAVAILABLE (passing)
   */
  tryApart(bytes: Buffer): Promise<void>
  /**
   * @throws EnrichmentError RECORD_UNDECODABLE, RECORD_TOO_LARGE, RECORD_INVALID naming a field with more items than are
   *   read, SCHEMA_UNKNOWN (all final), REGISTRY_UNAVAILABLE (passing; also when the registry has lost its state, so that
   *   an unknown schema id is no fault of the record)
   */
  decode(bytes: Buffer): Promise<T>
  /** Whether the registry must be asked before this can be decoded, here or apart; it is asked once for each schema. */
  needsRegistry(bytes: Buffer): boolean
  /**
   * Asks nobody.
   *
   * @throws EnrichmentError RECORD_INVALID naming the fields that the schema refuses; SCHEMA_NOT_REGISTERED where the
   *   subject has its owner's schemas alone
   */
  encode(record: T): Promise<Buffer>
}

/** Talks to a Confluent-compatible schema registry; every request ends within 5 s. */
export class SchemaRegistry {
  /** Loaded when first used: a tenth of a second, which a command that only asks whether the registry is there is spared. */
  readonly #client: () => Promise<RegistryClient>
  readonly #url: string
  readonly #fetch: typeof fetch

  /** @param url a login that stands in it is left to `access` and taken out */
  constructor(url: string, { agent, fetch: given = fetch, login = () => ({}) }: RegistryAccess = {}) {
    this.#url = withoutLogin(url).replace(/\/+$/, '')
    this.#fetch = (input, init) => given(input, { ...init, headers: { ...(init?.headers as object), ...login() } })
    const withLogin = () => ({
      async prepareRequest(next: () => Promise<{ enhance(extras: object): unknown }>) {
        return (await next()).enhance({ headers: login() })
      },
    })
    let client: Promise<RegistryClient> | undefined
    const load = async () => {
      const [{ SchemaRegistry: Client }, { readLeniently }] = await Promise.all([
        import('@kafkajs/confluent-schema-registry'),
        import('./read-as.ts'),
      ])
      const options = {
        middlewares: [withLogin, withinTime(TIMEOUT_MS)] as never[],
        ...(agent && { agent: agent as never }),
      }
      // What it fetches is read by and never written by.
      return new Client({ host: this.#url, ...options }, { AVRO: { typeHook: readLeniently as never } })
    }
    this.#client = () => {
      client ??= load()
      return client
    }
  }

  /**
   * The codec of this build's schema, looked up by its text and never registered.
   *
   * @param schemaText the schema as in schemas/*.avsc
   * @param isForeign the subject is somebody else's: it may hold their schemas alone, which are then read as ours
   * @throws EnrichmentError SCHEMA_NOT_REGISTERED, REGISTRY_UNAVAILABLE
   */
  async openCodec<T>(subject: string, schemaText: string, isForeign = false): Promise<RecordCodec<T>> {
    const client = await this.#client()
    const { avroType, readBounded } = await import('./read-as.ts')
    const id = await client
      .getRegistryIdBySchema(subject, { type: 'AVRO' as never, schema: schemaText })
      .catch(async (error: unknown) => {
        // Of a 404 the client keeps the text alone, which every registry words in its own way.
        const isMissing = error instanceof Error && error.name === 'ConfluentSchemaRegistryError'
        if (!isMissing) throw unavailable(error)
        if (isForeign && (await this.#answers(`/subjects/${encodeURIComponent(subject)}/versions/latest`))) return null
        const message = `subject ${subject} lacks this build's schema: run \`album-enricher setup\``
        throw new EnrichmentError('SCHEMA_NOT_REGISTERED', message, { cause: error })
      })
    const reader = avroType(schemaText)
    const readers = new Map<number, { writer: AvroType; read: (body: Buffer) => unknown }>()
    if (id !== null) readers.set(id, { writer: reader, read: readBounded(reader, reader) })
    const apart = new SuspectDecoder()

    const readerFor = async (writerId: number) => {
      const writer = await this.#writerSchema(writerId, { subject, id })
      const made = { writer, read: readBounded(reader, writer) }
      readers.set(writerId, made)
      return made
    }

    return {
      tryApart: async (bytes) => {
        if (!hasEnvelope(bytes) || bytes.length > MOST_VALUE_BYTES) return
        const known = readers.get(bytes.readUInt32BE(1))
        const writer = known ? JSON.stringify(known.writer) : await this.#schemaText(bytes.readUInt32BE(1))
        // One that refers to others cannot be read apart.
        if (writer !== undefined) await apart.survive(reader, writer, bytes.subarray(5))
      },
      decode: async (bytes) => {
        if (!hasEnvelope(bytes)) {
          throw new EnrichmentError(
            'RECORD_UNDECODABLE',
            `the value (${bytes.length} bytes) does not start with a zero byte and a schema id: publish it with a schema-registry serializer`,
          )
        }
        if (bytes.length > MOST_VALUE_BYTES) {
          const message = `the value has ${bytes.length} bytes, and ${MOST_VALUE_BYTES} are read: publish a smaller one`
          throw new EnrichmentError('RECORD_TOO_LARGE', message)
        }
        const writerId = bytes.readUInt32BE(1)
        const body = bytes.subarray(5)
        try {
          const { read } = readers.get(writerId) ?? (await readerFor(writerId))
          return read(body) as T
        } catch (error) {
          if (error instanceof EnrichmentError) throw error
          const why = error instanceof Error ? error.message : String(error)
          throw new EnrichmentError(
            'RECORD_UNDECODABLE',
            `the value does not fit ${subject} (written with schema id ${writerId}): ${why}`,
            { cause: error },
          )
        }
      },
      needsRegistry(bytes) {
        if (!hasEnvelope(bytes) || bytes.length > MOST_VALUE_BYTES) return false
        const writerId = bytes.readUInt32BE(1)
        return writerId <= MOST_ID && !readers.has(writerId)
      },
      encode: async (record) => {
        if (id === null) {
          const message = `subject ${subject} has its owner's schemas alone: publish with one of those`
          throw new EnrichmentError('SCHEMA_NOT_REGISTERED', message)
        }
        try {
          return writeEnvelope(id, reader, record)
        } catch (error) {
          const paths: string[] = []
          reader.isValid(record, { errorHook: (path) => paths.push(path.join('.')) })
          const message = `fields that ${subject} refuses: ${paths.join(', ')}`
          throw new EnrichmentError('RECORD_INVALID', message, { cause: error })
        }
      },
    }
  }

  /**
   * Registers a schema of ours.
   *
   * @param isForeign the subject is somebody else's
   * @returns its id; null when the subject is left as its owner has it (see registerSchema)
   * @throws EnrichmentError SCHEMA_NOT_REGISTERED when the registry refuses it, REGISTRY_UNAVAILABLE
   */
  async register(subject: string, schemaText: string, isForeign = false): Promise<number | null> {
    const signal = () => AbortSignal.timeout(TIMEOUT_MS)
    try {
      const ask: Parameters<typeof registerSchema>[0] = (path, init) =>
        this.#fetch(`${this.#url}${path}`, { ...init, signal: signal() })
      return await registerSchema(ask, subject, schemaText, isForeign)
    } catch (error) {
      throw error instanceof EnrichmentError ? error : unavailable(error)
    }
  }

  /**
   * Asks for no more than a login needs that reads records.
   *
   * @param subject of ours; it may be missing
   * @throws EnrichmentError REGISTRY_UNAVAILABLE when it does not answer
   */
  async ping(subject: string): Promise<void> {
    try {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`
      const answer = await this.#fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
      if (answer.ok) await answer.body?.cancel()
      else if (!(await isUnknown(answer))) throw new Error(`status ${answer.status}`)
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** The schema that a record names. It knows as little of our own when it is the registry that is at fault. */
  async #writerSchema(writerId: number, own: { subject: string; id: number | null }): Promise<AvroType> {
    // Asked for such a one, registries say all kinds of things.
    if (writerId > MOST_ID) throw new EnrichmentError('SCHEMA_UNKNOWN', `no registry gives the schema id ${writerId}`)
    try {
      return await this.#schema(writerId)
    } catch (error) {
      const { code } = error as EnrichmentError
      if (
        code !== 'SCHEMA_UNKNOWN' ||
        (await this.#answers(
          own.id === null ? `/subjects/${encodeURIComponent(own.subject)}/versions/latest` : `/schemas/ids/${own.id}`,
        ))
      )
        throw error
      const message =
        `the registry knows neither schema id ${writerId} nor ${own.id === null ? 'any' : `id ${own.id}, which is this build's own`} (${own.subject}): ` +
        'it has lost its state. Restore it, or run `album-enricher setup`, which registers the schemas of this build ' +
        'again, and restart: ids may differ, and records that name a lost id cannot be read'
      throw new EnrichmentError('REGISTRY_UNAVAILABLE', message, { cause: error })
    }
  }

  /** Asks past the client, which would answer from its cache. */
  async #answers(path: string): Promise<boolean> {
    try {
      const { ok, status, body } = await this.#fetch(`${this.#url}${path}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await body?.cancel()
      if (!ok && status !== 404) throw new Error(`status ${status}`)
      return ok
    } catch (error) {
      throw unavailable(error)
    }
  }

  async #schema(id: number): Promise<AvroType> {
    try {
      return (await (await this.#client()).getSchema(id)) as unknown as AvroType
    } catch (error) {
      const { status, url } = error as { status?: number; url?: string }
      if (status === 404 && url !== undefined && (await this.#isUnknown(url)))
        throw new EnrichmentError('SCHEMA_UNKNOWN', `the registry does not know schema id ${id}`, { cause: error })
      // Without a status it is not the registry that failed but the reading of what it told: no wait mends that.
      if (status !== undefined || (await this.#schemaText(id)) === undefined) throw unavailable(error)
      const why = error instanceof Error ? error.message : String(error)
      throw new EnrichmentError('RECORD_UNDECODABLE', `its schema (id ${id}) is none that can be read here: ${why}`, {
        cause: error,
      })
    }
  }

  /**
   * Whether the registry knows nothing of it. Of an answer the client keeps the status, a text that every registry words in
   * its own way, and what was asked.
   *
   * @param asked method and URL
   */
  async #isUnknown(asked: string): Promise<boolean> {
    try {
      const url = asked.slice(asked.indexOf(' ') + 1)
      return await isUnknown(await this.#fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }))
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** A schema as the registry tells it, of whatever kind; undefined where it answers with none. Asks past the client, which reads it. */
  async #schemaText(id: number): Promise<string | undefined> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = (await (await this.#fetch(`${this.#url}/schemas/ids/${id}`, { signal })).json()) as {
        schema?: unknown
      }
      return typeof answer.schema === 'string' ? answer.schema : undefined
    } catch (error) {
      throw unavailable(error)
    }
  }
}

/** Whether it is the registry that answers 404, by an error code (40401 to 40403; of some 404 or 0), and no proxy before it. */
async function isUnknown(answer: Response): Promise<boolean> {
  const { error_code: code } = (await answer.json().catch(() => ({}))) as { error_code?: unknown }
  return answer.status === 404 && typeof code === 'number'
}

/** What a record is written into while its size is not known. */
const ROOM = Buffer.allocUnsafeSlow(65_536)

/** @throws Error where the record does not fit the schema */
function writeEnvelope(id: number, type: AvroType, record: unknown): Buffer {
  const end = type.encode(record, ROOM, 5)
  const bytes = end < 0 ? Buffer.allocUnsafe(ROOM.length - end) : Buffer.from(ROOM.subarray(0, end))
  if (end < 0) type.encode(record, bytes, 5)
  bytes[0] = 0
  bytes.writeUInt32BE(id, 1)
  return bytes
}

/** Whether it begins with a zero byte and a schema id. */
const hasEnvelope = (bytes: Buffer) => bytes.length >= 5 && bytes[0] === 0
