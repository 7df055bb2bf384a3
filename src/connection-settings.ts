import { z } from 'zod'
import { findUrlMistakes } from './database-url.ts'
import { isNoProxyEntry } from './no-proxy.ts'
import { isPem } from './read-pem.ts'
import { ENCODED, integer, setting, text, url, urlWithLogin } from './setting.ts'

const pem = text.refine(isPem).optional()
const PEM = 'the path of a PEM file that can be read, or PEM text'
const optional = { default: '' }
/** As it is: a space at its end may be meant. */
const secretText = z.string().regex(/\S/).optional()

/** Platforms give it with a comma at its end, too. */
const noProxy = text
  .transform((entries) => entries.split(',').flatMap((entry) => entry.trim() || []))
  .refine((entries) => entries.every(isNoProxyEntry))

/** How the servers of the service are reached, and what proves who is who. */
export const CONNECTION_SETTINGS = {
  KAFKA_SECURITY_PROTOCOL: setting(
    'kafka',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'])),
    {
      default: 'plaintext',
      description: 'How the brokers are spoken to: with TLS (ssl), with a login (sasl), or both.',
      wants: 'plaintext, ssl, sasl_plaintext or sasl_ssl',
    },
  ),
  KAFKA_SSL_CA: setting('kafka', pem, {
    ...optional,
    description: "Who may have signed the brokers' certificates; empty: those that Node trusts.",
    wants: PEM,
  }),
  KAFKA_SSL_CERT: setting('kafka', pem, {
    ...optional,
    description: 'Our certificate for the brokers, where they ask for one.',
    wants: PEM,
  }),
  KAFKA_SSL_KEY: setting('kafka', pem, {
    ...optional,
    description: 'Key of KAFKA_SSL_CERT, without a passphrase.',
    wants: PEM,
    secret: true,
  }),
  KAFKA_SSL_SERVER_NAME: setting('kafka', text.regex(/^[\w.-]+$/).optional(), {
    ...optional,
    description: "Name that the brokers' certificates must carry; empty: the host name of each broker.",
    wants: 'a host name',
  }),
  KAFKA_SASL_MECHANISM: setting(
    'kafka',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-iam']))
      .optional(),
    {
      ...optional,
      description: 'How we log in at the brokers.',
      wants: 'plain, scram-sha-256, scram-sha-512, oauthbearer or aws-iam',
    },
  ),
  KAFKA_SASL_USERNAME: setting('kafka', text.optional(), {
    ...optional,
    description: 'Login for plain and scram.',
    wants: 'a user name',
  }),
  KAFKA_SASL_PASSWORD: setting('kafka', secretText, {
    ...optional,
    description: 'Its password.',
    wants: 'a password',
    secret: true,
  }),
  KAFKA_OAUTH_TOKEN_URL: setting('kafka', url.optional(), {
    ...optional,
    description: 'Where a token for oauthbearer is fetched, with the grant client_credentials.',
    wants: 'an http or https URL without user and password',
  }),
  KAFKA_OAUTH_CLIENT_ID: setting('kafka', text.optional(), {
    ...optional,
    description: 'Client id for the token.',
    wants: 'a client id',
  }),
  KAFKA_OAUTH_CLIENT_SECRET: setting('kafka', secretText, {
    ...optional,
    description: 'Client secret for the token.',
    wants: 'a client secret',
    secret: true,
  }),
  KAFKA_OAUTH_SCOPE: setting('kafka', text.optional(), {
    ...optional,
    description: 'Scope of the token, where the token server wants one.',
    wants: 'a scope',
  }),
  KAFKA_AWS_REGION: setting('kafka', text.regex(/^[a-z\d-]+$/).optional(), {
    ...optional,
    description: 'Region of the MSK cluster, for aws-iam. Credentials are found as every AWS tool finds them.',
    wants: 'a region such as eu-west-1',
  }),
  SCHEMA_REGISTRY_USERNAME: setting('registry', text.optional(), {
    ...optional,
    description: 'Login at the registry; a user and password in SCHEMA_REGISTRY_URL will do too.',
    wants: 'a user name',
  }),
  SCHEMA_REGISTRY_PASSWORD: setting('registry', secretText, {
    ...optional,
    description: 'Its password.',
    wants: 'a password',
    secret: true,
  }),
  SCHEMA_REGISTRY_TOKEN: setting('registry', text.optional(), {
    ...optional,
    description: 'Bearer token for the registry, instead of a login.',
    wants: 'a token',
    secret: true,
  }),
  SCHEMA_REGISTRY_SSL_CA: setting('registry', pem, {
    ...optional,
    description: "Who may have signed the registry's certificate; empty: those that Node trusts, and EXTRA_CA.",
    wants: PEM,
  }),
  SCHEMA_REGISTRY_SSL_CERT: setting('registry', pem, {
    ...optional,
    description: 'Our certificate for the registry, where it asks for one.',
    wants: PEM,
  }),
  SCHEMA_REGISTRY_SSL_KEY: setting('registry', pem, {
    ...optional,
    description: 'Key of SCHEMA_REGISTRY_SSL_CERT, without a passphrase.',
    wants: PEM,
    secret: true,
  }),
  DATABASE_PASSWORD: setting('database', secretText, {
    ...optional,
    description: 'Password for PostgreSQL, instead of one in DATABASE_URL.',
    wants: 'a password',
    secret: true,
  }),
  DATABASE_PASSWORD_COMMAND: setting('database', text.optional(), {
    ...optional,
    description:
      'Shell command that prints the password, run for each connection; for tokens that expire, such as those of RDS.',
    wants: 'a shell command',
    secret: true,
  }),
  DATABASE_POOL_MAX: setting('database', integer(3, 100), {
    default: '10',
    description: 'Connections to PostgreSQL that a process holds at most.',
    wants: 'a whole number from 3 to 100',
  }),
  HTTPS_PROXY: setting('http', urlWithLogin(/^https?$/).optional(), {
    ...optional,
    description:
      'Proxy for all that is https: Amazon, the model, images, tokens, the registry. With user and password in it, if it wants them.',
    wants: `an http or https URL; ${ENCODED}`,
  }),
  NO_PROXY: setting('http', noProxy.optional(), {
    ...optional,
    description:
      'Hosts that the proxy is not for: names, with what ends in them, addresses and address/bits, or * for all.',
    wants: 'hosts, comma-separated; names and addresses with :port or without',
  }),
  EXTRA_CA: setting('http', pem, {
    ...optional,
    description: 'Authorities that are trusted beside those that Node trusts, by all that is https.',
    wants: PEM,
  }),
}

type Values = Record<string, unknown>

/** What is wrong with them only in view of each other. */
export function findConnectionConflicts(config: Values): string[] {
  return [
    ...findKafkaConflicts(config),
    ...findRegistryConflicts(config),
    ...findDatabaseConflicts(config),
    ...findProxyConflicts(config),
  ]
}

function findRegistryConflicts(config: Values): string[] {
  const { SCHEMA_REGISTRY_URL: address, SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_TOKEN: token } = config
  if (typeof address !== 'string') return []
  const conflicts = [
    ...findHalfPairs(config, 'SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'),
    ...findHalfPairs(config, 'SCHEMA_REGISTRY_SSL_CERT', 'SCHEMA_REGISTRY_SSL_KEY'),
  ]
  const { protocol, username } = new URL(address)
  const logins = [
    username && 'SCHEMA_REGISTRY_URL',
    user && 'SCHEMA_REGISTRY_USERNAME',
    token && 'SCHEMA_REGISTRY_TOKEN',
  ]
  const given = logins.filter(Boolean)
  if (given.length > 1) conflicts.push(`${given.join(', ')}: each says how to log in, leave all but one out`)
  const ofTls = ['SCHEMA_REGISTRY_SSL_CA', 'SCHEMA_REGISTRY_SSL_CERT'].filter((name) => config[name] !== undefined)
  if (protocol === 'http:' && ofTls.length > 0)
    conflicts.push(`SCHEMA_REGISTRY_URL: is http, wants https, since ${ofTls.join(', ')} is set`)
  return conflicts
}

function findDatabaseConflicts(config: Values): string[] {
  const { DATABASE_URL: address, DATABASE_PASSWORD: password, DATABASE_PASSWORD_COMMAND: command } = config
  if (typeof address !== 'string') return []
  const ways = [
    new URL(address).password && 'DATABASE_URL',
    password && 'DATABASE_PASSWORD',
    command && 'DATABASE_PASSWORD_COMMAND',
  ]
  const given = ways.filter(Boolean)
  return [
    ...findUrlMistakes(address).map((mistake) => `DATABASE_URL: ${mistake}`),
    ...(given.length > 1 ? [`${given.join(', ')}: each gives the password, leave all but one out`] : []),
  ]
}

function findProxyConflicts(config: Values): string[] {
  const used = ['HTTPS_PROXY', 'EXTRA_CA'].filter((name) => config[name] !== undefined)
  // The package for it makes its connections by itself.
  return config.AMAZON_API === 'paapi' && used.length > 0
    ? [`AMAZON_API: is paapi, which cannot use ${used.join(', ')}: leave it out, or use creators`]
    : []
}

const NEEDED_BY_MECHANISM: Record<string, string[]> = {
  plain: ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
  'scram-sha-256': ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
  'scram-sha-512': ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
  oauthbearer: ['KAFKA_OAUTH_TOKEN_URL', 'KAFKA_OAUTH_CLIENT_ID', 'KAFKA_OAUTH_CLIENT_SECRET'],
  'aws-iam': ['KAFKA_AWS_REGION'],
}

function findKafkaConflicts(config: Values): string[] {
  const { KAFKA_SECURITY_PROTOCOL: protocol, KAFKA_SASL_MECHANISM: mechanism } = config
  if (typeof protocol !== 'string') return []
  const conflicts: string[] = []
  const given = (names: string[]) => names.filter((name) => config[name] !== undefined)
  const ofTls = given(['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY', 'KAFKA_SSL_SERVER_NAME'])
  const ofSasl = given([...new Set(['KAFKA_SASL_MECHANISM', ...Object.values(NEEDED_BY_MECHANISM).flat()])])
  // What is given and not used would leave somebody in the belief that it protects.
  if (!protocol.endsWith('ssl') && ofTls.length > 0) {
    conflicts.push(`KAFKA_SECURITY_PROTOCOL: is ${protocol}, wants ssl or sasl_ssl, since ${ofTls.join(', ')} is set`)
  }
  if (!protocol.startsWith('sasl') && ofSasl.length > 0) {
    conflicts.push(
      `KAFKA_SECURITY_PROTOCOL: is ${protocol}, wants sasl_ssl or sasl_plaintext, since ${ofSasl.join(', ')} is set`,
    )
  }
  if (protocol.startsWith('sasl') && mechanism === undefined) {
    conflicts.push(`KAFKA_SASL_MECHANISM: is not set, wants ${CONNECTION_SETTINGS.KAFKA_SASL_MECHANISM.wants}`)
  }
  if (mechanism === 'aws-iam' && protocol !== 'sasl_ssl') {
    conflicts.push(`KAFKA_SECURITY_PROTOCOL: is ${protocol}, wants sasl_ssl, since KAFKA_SASL_MECHANISM is aws-iam`)
  }
  for (const name of NEEDED_BY_MECHANISM[String(mechanism)] ?? []) {
    if (config[name] === undefined)
      conflicts.push(`${name}: is not set, and KAFKA_SASL_MECHANISM=${mechanism} needs it`)
  }
  return [...conflicts, ...findHalfPairs(config, 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY')]
}

function findHalfPairs(config: Values, one: string, other: string): string[] {
  if ((config[one] === undefined) === (config[other] === undefined)) return []
  const [set, unset] = config[one] === undefined ? [other, one] : [one, other]
  return [`${unset}: is not set, and ${set} is nothing without it`]
}
