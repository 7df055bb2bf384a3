import type { Agent } from 'node:https'
import { type Config, currentValue } from '../config.ts'
import { readPem } from '../read-pem.ts'

/** How a registry is reached and what it is told of who asks. */
export interface RegistryAccess {
  /** Absent: directly, or http. */
  agent?: Agent
  fetch?: typeof fetch
  /** Headers of a login; asked for each request, so that a password or token may change. */
  login?: () => Record<string, string>
}

/** TLS, proxy and login of the registry, from the settings. Files are read anew for each connection. */
export async function registryAccess(config: Config<'registry' | 'http'>): Promise<RegistryAccess> {
  const pemOf = (name: 'SCHEMA_REGISTRY_SSL_CA' | 'SCHEMA_REGISTRY_SSL_CERT' | 'SCHEMA_REGISTRY_SSL_KEY') => {
    const value = currentValue(config, name)
    return value === undefined ? undefined : readPem(value)
  }
  const tls = () => {
    const [ca, cert, key] = [
      pemOf('SCHEMA_REGISTRY_SSL_CA'),
      pemOf('SCHEMA_REGISTRY_SSL_CERT'),
      pemOf('SCHEMA_REGISTRY_SSL_KEY'),
    ]
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  }
  const login = () => loginOf(config)
  if (!config.SCHEMA_REGISTRY_URL.startsWith('https:')) return { login }
  // Only for https: a command with nothing but http to do starts sooner without undici.
  const [{ createFetch }, { createHttpsAgent }] = await Promise.all([
    import('../http/create-fetch.ts'),
    import('../http/outgoing.ts'),
  ])
  return { agent: createHttpsAgent(config, tls), fetch: createFetch(config, tls), login }
}

function loginOf(config: Config<'registry'>): Record<string, string> {
  const token = currentValue(config, 'SCHEMA_REGISTRY_TOKEN')
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  const { username, password } = new URL(currentValue(config, 'SCHEMA_REGISTRY_URL'))
  const user = currentValue(config, 'SCHEMA_REGISTRY_USERNAME') ?? decodeURIComponent(username)
  if (user === '') return {}
  const secret = currentValue(config, 'SCHEMA_REGISTRY_PASSWORD') ?? decodeURIComponent(password)
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` }
}

/** A URL without user and password. */
export function withoutLogin(url: string): string {
  const address = new URL(url)
  address.username = ''
  address.password = ''
  return address.href
}
