import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Password of every user. */
export const KAFKA_PASSWORD = 'a-password-of-kafka'

/** For Java: the log tells what the authorizer denies. */
export const LOG_DENIALS = '-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=info'

/** Settings of a broker that denies what no ACL allows, but allows everything to whoever need not log in. */
export const AUTHORIZER = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'allow.everyone.if.no.acl.found': false,
}

const SESSION_MS = 20_000
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
const SCRAM_MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512']

/** A broker's settings of a listener on which one has to log in. @param others mechanisms beside SCRAM */
export function loginListener(listener: string, others: string[] = []): Record<string, string | number> {
  const name = `listener.name.${listener}`
  const logins = SCRAM_MECHANISMS.map((it) => [`${name}.${it.toLowerCase()}.sasl.jaas.config`, SCRAM])
  return {
    [`${name}.sasl.enabled.mechanisms`]: [...others, ...SCRAM_MECHANISMS].join(),
    ...Object.fromEntries(logins),
    // Short, so that tests see connections log in again.
    [`${name}.connections.max.reauth.ms`]: SESSION_MS,
  }
}

/** A broker's settings of a listener with TLS. @param keystore path of its key and certificates */
export function tlsListener(listener: string, keystore: string): Record<string, string> {
  return {
    [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
    [`listener.name.${listener}.ssl.keystore.location`]: keystore,
  }
}

/** What the storage tool is given when it formats, for users who log in with SCRAM and KAFKA_PASSWORD. */
export function addUsers(users: readonly string[]): string[] {
  return users.flatMap((user) =>
    SCRAM_MECHANISMS.flatMap((it) => ['--add-scram', `${it}=[name=${user},password=${KAFKA_PASSWORD}]`]),
  )
}

/** The service's settings for a login with SCRAM over TLS. @param ca path of the authority's certificate */
export function loginSettings(brokers: string, ca: string, user: string): Record<string, string> {
  return {
    KAFKA_BROKERS: brokers,
    KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
    KAFKA_SSL_CA: ca,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: KAFKA_PASSWORD,
  }
}

/** What a broker with this folder has denied since it was asked last, a line each. */
export function denialsOf(folder: string): () => string[] {
  let seen = 0
  return () => {
    const lines = readFileSync(join(folder, 'log.txt'), 'utf8').split('\n')
    const denials = lines.slice(seen).filter((line) => line.includes('is Denied operation'))
    seen = lines.length - 1
    return denials.map((line) => /Principal = .* for request = \w+/.exec(line)?.[0] ?? line)
  }
}
