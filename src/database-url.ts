import { readPem } from './read-pem.ts'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type Mode = (typeof MODES)[number]
/** `schema` is no parameter of psql's: the tables' schema. */
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'schema'] as const
/** What needs no quotes in SQL, nor in a start-up parameter, and is none of PostgreSQL's own. */
const SCHEMA_NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/
/** As of psql: whom this machine trusts. */
const SYSTEM = 'system'

/** What the URL says of TLS, with psql's meanings (https://www.postgresql.org/docs/current/libpq-ssl.html). */
export interface DatabaseTls {
  /** Without `sslmode` in the URL: disable. */
  mode: Mode
  /** Paths of PEM files. */
  rootCert?: string
  cert?: string
  key?: string
  /** Trusts whom Node trusts. */
  isSystemTrusted: boolean
}

/** Reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` of a URL in which findUrlMistakes finds none. */
export function readDatabaseTls(url: string): DatabaseTls {
  const { searchParams } = new URL(url)
  const [rootCert, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => searchParams.get(name) ?? undefined)
  return {
    mode: (searchParams.get('sslmode') ?? 'disable') as Mode,
    ...(rootCert !== undefined && rootCert !== SYSTEM && { rootCert }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    isSystemTrusted: rootCert === SYSTEM,
  }
}

/** The server's name or address; of an IPv6 address without the brackets that it has in a URL. */
export function hostOfDatabase(url: string): string {
  return decodeURIComponent(new URL(url).hostname).replace(/^\[|\]$/g, '')
}

/** In which schema the tables are; undefined: the first of the role's search path. */
export function schemaOfDatabase(url: string): string | undefined {
  return new URL(url).searchParams.get('schema') ?? undefined
}

/** What is wrong with the parameters of DATABASE_URL, without its password. */
export function findUrlMistakes(url: string): string[] {
  const { searchParams } = new URL(url)
  const get = (name: (typeof PARAMETERS)[number]) => searchParams.get(name)
  const unknown = [...searchParams.keys()].filter((name) => !(PARAMETERS as readonly string[]).includes(name))
  if (unknown.length > 0) return [`has the parameter ${unknown.join(', ')}, wants none but ${PARAMETERS.join(', ')}`]
  const mode = get('sslmode')
  if (mode !== null && !(MODES as readonly string[]).includes(mode))
    return [`has sslmode=${mode}, wants ${MODES.join(', ')}`]
  const schema = get('schema')
  if (schema !== null && !SCHEMA_NAME.test(schema))
    return [`has schema=${schema}, wants a name of small letters, digits and _, which does not begin with pg_`]
  const mistakes = (['sslrootcert', 'sslcert', 'sslkey'] as const).flatMap((name) => {
    const file = get(name)
    if (file === null || (name === 'sslrootcert' && file === SYSTEM)) return []
    if (mode === null || mode === 'disable') return [`has ${name} and no sslmode that uses it, wants verify-full`]
    const why = whyUnreadable(file)
    return why === undefined ? [] : [`has ${name}=${file}, which cannot be read as PEM: ${why}`]
  })
  if (mode?.startsWith('verify') && get('sslrootcert') === null)
    mistakes.push(`has sslmode=${mode}, wants sslrootcert too: a PEM file, or system for whom this machine trusts`)
  if (get('sslrootcert') === SYSTEM && mode !== 'verify-full')
    mistakes.push('has sslrootcert=system, wants sslmode=verify-full with it: anybody may have a certificate of those')
  if ((get('sslcert') === null) !== (get('sslkey') === null))
    mistakes.push('has one of sslcert and sslkey, wants both or none')
  return mistakes
}

function whyUnreadable(file: string): string | undefined {
  try {
    readPem(file)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
