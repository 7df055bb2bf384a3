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
 * @param isForeign the subject is somebody else's: nothing but a version is ever added, and not even that beside theirs
 * @returns its id, the same one when it was registered before; null when the subject is left to its owner
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
  if (isForeign && (await isOfOther(ask, at, schema))) return null
  const check = (level: string | null) => {
    if (level !== null && !GOOD_ENOUGH.includes(level))
      throw refused(`its compatibility is ${level}, and must be one of ${GOOD_ENOUGH.join(', ')}`)
    return level
  }
  const level = isForeign ? undefined : check(await readLevel(ask, `/${at}`))
  const answer = await ask(`/subjects/${at}/versions`, send('POST', { schema }))
  const told = (await answer.json().catch(() => ({}))) as { id?: number; message?: string }
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

/** Whether the subject's latest schema is of another type than ours: then its owner brought it. */
async function isOfOther(ask: Ask, at: string, schema: string): Promise<boolean> {
  const answer = await ask(`/subjects/${at}/versions/latest`)
  if (answer.status === 404) return false
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  const latest = (await answer.json()) as { schema: string }
  return nameOf(latest.schema) !== nameOf(schema)
}

function nameOf(schema: string): string {
  const { namespace = '', name = '' } = JSON.parse(schema) as { namespace?: string; name?: string }
  return `${namespace}.${name}`
}
