import { explainTls } from '../explain-tls.ts'
import { explainUnreachable } from '../explain-unreachable.ts'

const NAMES = {
  address: 'KAFKA_BROKERS',
  ca: 'KAFKA_SSL_CA',
  cert: 'KAFKA_SSL_CERT',
  serverName: 'KAFKA_SSL_SERVER_NAME',
}

/** What tells us where brokers are: after the first answer it is they themselves. */
const ADDRESSES = 'KAFKA_BROKERS, or advertised.listeners of the brokers'

/** By Kafka's name of the error: what the brokers' or a topic's settings must allow. */
const LIMITS: Record<string, string> = {
  INVALID_SESSION_TIMEOUT: 'let these settings of the brokers allow 6000 ms',
  INVALID_TRANSACTION_TIMEOUT: 'let transaction.max.timeout.ms of the brokers be 10000 or more',
  OFFSET_METADATA_TOO_LARGE: 'let offset.metadata.max.bytes of the brokers be 512 or more',
  MESSAGE_TOO_LARGE:
    "see max.message.bytes and compression.type of the service's topics: `album-enricher setup --check`",
}

interface Link {
  name?: string
  message?: string
  code?: unknown
  /** Kafka's name of a protocol error. */
  type?: unknown
  cause?: unknown
  originalError?: unknown
}

/**
 * What a person can do about brokers that refuse us, or that we refuse, in words that name the setting.
 *
 * @param error as KafkaJS threw it
 * @returns undefined when it says nothing of connections, certificates, logins, rights, protocols or limits
 */
export function explainRefusal(error: unknown): string | undefined {
  for (let link = error as Link | undefined, depth = 0; link && depth < 5; depth += 1) {
    const found = explainOne(link)
    if (found !== undefined) return found
    link = (link.cause ?? link.originalError) as Link | undefined
  }
  return undefined
}

function explainOne({ name, message = '', code, type }: Link): string | undefined {
  if (name === 'KafkaJSSASLAuthenticationError') {
    if (message.includes('not supported by the server'))
      return 'let KAFKA_SASL_MECHANISM name one that the brokers take'
    return message.includes('OAUTHBEARER')
      ? 'look at KAFKA_OAUTH_TOKEN_URL, KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_SCOPE and at what the brokers want of a token'
      : 'look at KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM'
  }
  if (typeof type === 'string' && type.endsWith('AUTHORIZATION_FAILED'))
    return 'give the user of KAFKA_SASL_USERNAME, or of KAFKA_SSL_CERT, the rights that README lists under "Secured servers"'
  if (typeof type === 'string' && type in LIMITS) return LIMITS[type]
  if (/before secure TLS connection was established/.test(message))
    return 'it is stopping, or speaks otherwise than KAFKA_SECURITY_PROTOCOL says'
  if (/^Request ApiVersions.* timed out$/.test(message))
    return 'that broker hangs, or is none: see that KAFKA_BROKERS names listeners and KAFKA_SECURITY_PROTOCOL what they speak'
  if (message === 'Connection timeout') return `that broker hangs, or no way leads there: see ${ADDRESSES}`
  return explainUnreachable(String(code), ADDRESSES) ?? explainTls({ code, message }, NAMES)
}
