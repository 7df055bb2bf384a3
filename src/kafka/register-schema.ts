import { EnrichmentError } from '../errors.ts'

/** Levels at which records of an older build can be read by a newer one. */
const GOOD_ENOUGH = ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE']
const TYPE = 'application/vnd.schemaregistry.v1+json'

type Ask = (path: string, init?: { method: string; headers: Record<string, string>; body: string }) => Promise<Response>

/**
 * Registers a schema of ours by the registry's API (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).
 * A subject that has no compatibility of its own gets BACKWARD, so that readers may be deployed before writers; one that is
 * as strict or stricter is left as it is, and so is one whose compatibility the login may not set, where the registry's is
 * as strict.
 *
 * @param isForeign the subject is somebody else's: nothing but a version is ever added, and not even that over theirs,
 *   which their producers may write with
 * @returns its id, the same one when it was registered before; null when the subject is left as its owner has it, also
 *   because the registry refuses ours beside what is there
 * @throws EnrichmentError SCHEMA_NOT_REGISTERED when the registry refuses it; Error `status N` for every other refusal
 */
export async function registerSchema(
  ask: Ask,
  subject: string,
  schema: string,
  isForeign = false,
): Promise<number | null> {
  const at = encodeURIComponent(subject)
  const refused = (why: string) =>
    new EnrichmentError('SCHEMA_NOT_REGISTERED', `the registry refuses the schema of ${subject}: ${why}`)
  const send = (method: string, body: object) => ({
    method,
    headers: { 'content-type': TYPE },
    body: JSON.stringify(body),
  })
  const latest = isForeign ? await readLatest(ask, at) : null
  if (latest !== null && isTheirs(latest, schema)) return null
  const check = (level: string | null) => {
    if (level !== null && !GOOD_ENOUGH.includes(level))
      throw refused(`its compatibility is ${level}, and must be one of ${GOOD_ENOUGH.join(', ')}`)
    return level
  }
  const level = isForeign ? undefined : check(await readLevel(ask, `/${at}`))
  const answer = await ask(`/subjects/${at}/versions`, send('POST', { schema }))
  const told = (await answer.json().catch(() => ({}))) as { id?: number; message?: string }
  // What is there is read without ours too.
  if (latest !== null && [401, 403, 409, 422].includes(answer.status)) return null
  if (answer.status === 409 || answer.status === 422) throw refused(told.message ?? `status ${answer.status}`)
  if (!answer.ok || told.id === undefined) throw new Error(`status ${answer.status}`)
  if (level === null) {
    const set = await ask(`/config/${at}`, send('PUT', { compatibility: 'BACKWARD' }))
    const isDenied = set.status === 401 || set.status === 403
    // Who may not set it can do with what counts in the whole registry. Some have to be asked for that by itself.
    const inForce = isDenied
      ? check((await readLevel(ask, `/${at}?defaultToGlobal=true`)) ?? (await readLevel(ask, '')))
      : null
    if (!set.ok && inForce === null) throw new Error(`status ${set.status}`)
  }
  return told.id
}

/** A compatibility: the subject's own, or the registry's; null: none. */
async function readLevel(ask: Ask, of: string): Promise<string | null> {
  const answer = await ask(`/config${of}`)
  if (answer.status === 404) return null
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  const { compatibilityLevel } = (await answer.json()) as { compatibilityLevel?: string }
  return compatibilityLevel?.toUpperCase() ?? null
}

interface Latest {
  schema: string
  /** Left out where it is Avro. */
  schemaType?: string
}

/** The subject's latest version; null: it has none. */
async function readLatest(ask: Ask, at: string): Promise<Latest | null> {
  const answer = await ask(`/subjects/${at}/versions/latest`)
  if (answer.status === 404) return null
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  return (await answer.json()) as Latest
}

/** Whether the owner brought it: it is of another type than ours, or has a field more. A build of ours only ever adds some. */
function isTheirs({ schema, schemaType = 'AVRO' }: Latest, own: string): boolean {
  if (schemaType !== 'AVRO') return true
  const [theirs, ours] = [JSON.parse(schema), JSON.parse(own)] as [Schema, Schema]
  if (nameOf(theirs) !== nameOf(ours)) return true
  const known = new Set(fieldsOf(ours))
  return fieldsOf(theirs).some((field) => !known.has(field))
}

/** An Avro schema as JSON, of which we look at no more. */
interface Schema {
  namespace?: string
  name?: string
  type?: unknown
  items?: unknown
  values?: unknown
  fields?: { name: string; type: unknown }[]
}

const nameOf = ({ namespace = '', name = '' }: Schema) => `${namespace}.${name}`

/** Of a record and of all within it, by the names that lead there. */
function fieldsOf(schema: unknown, within = ''): string[] {
  if (Array.isArray(schema)) return schema.flatMap((branch) => fieldsOf(branch, within))
  if (typeof schema !== 'object' || schema === null) return []
  const { type, items, values, fields = [] }: Schema = schema
  const own = fields.flatMap((field) => {
    const path = `${within}.${field.name}`
    return [path, ...fieldsOf(field.type, path)]
  })
  return [...own, ...[type, items, values].flatMap((part) => fieldsOf(part, within))]
}
