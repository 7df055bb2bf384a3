import { EnrichmentError, type ErrorCode } from '../errors.ts'
import { explainRefusal } from './explain-refusal.ts'

/** What was asked of Kafka when it failed: what a refusal is about. */
export interface Asked {
  topic?: string
  group?: string
  transactionalId?: string
}

/** What KafkaJS's errors and those of Node's sockets say of themselves; wrapped errors stand in `cause`. */
interface Told {
  name?: string
  type?: string
  code?: unknown
  message?: string
  topic?: string
  broker?: string
  cause?: unknown
}

type Refusal = Extract<ErrorCode, 'KAFKA_BAD_CREDENTIALS' | 'KAFKA_FORBIDDEN' | 'KAFKA_PROTOCOL_MISMATCH'>

const REMEDIES: Record<Refusal, string> = {
  KAFKA_BAD_CREDENTIALS: 'mend the name, password or mechanism that this service logs in with',
  KAFKA_FORBIDDEN: 'give the principal that this service logs in with the right (kafka-acls.sh --add)',
  KAFKA_PROTOCOL_MISMATCH:
    'see that KAFKA_BROKERS names the listener of the protocol that this service is told to speak',
}

/** Of the protocol's errors that refuse a right, the resource and the operations that we ask of it. */
const RIGHTS: Record<string, (asked: Asked) => string> = {
  TOPIC_AUTHORIZATION_FAILED: ({ topic }) => `Describe, Read or Write on topic ${topic ?? '(see TOPIC_...)'}`,
  GROUP_AUTHORIZATION_FAILED: ({ group }) => `Read on group ${group ?? '(see KAFKA_GROUP_PREFIX)'}`,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: ({ transactionalId }) =>
    `Write on transactional id ${transactionalId ?? '(see KAFKA_GROUP_PREFIX)'}`,
  CLUSTER_AUTHORIZATION_FAILED: () => 'the asked operation on the cluster',
}
const HUNG_UP =
  'the broker hung up, as it stops, wants another protocol or a login (see KAFKA_SECURITY_PROTOCOL), or takes no more ' +
  'connections (see max.connections and max.connections.per.ip of the brokers)'
const CREDENTIALS = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'])
/** Node's codes for a peer that speaks no TLS, or whose certificate is not what it must be. */
const TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/

/** Whether Kafka answered and refused: waiting does not help, a person must mend something. */
export function isRefusal(code: ErrorCode): boolean {
  return code in REMEDIES
}

/**
 * A KafkaJS error as ours; ours as it is. KAFKA_UNAVAILABLE unless Kafka itself refuses the login (KAFKA_BAD_CREDENTIALS),
 * a right (KAFKA_FORBIDDEN, with the right and its resource), or to speak the protocol (KAFKA_PROTOCOL_MISMATCH).
 */
export function kafkaError(error: unknown, asked: Asked = {}): EnrichmentError {
  if (error instanceof EnrichmentError) return error
  const chain = chainOf(error)
  // OpenSSL ends its messages with a line feed.
  const message = (error instanceof Error ? error.message : String(error)).trim()
  for (const told of chain) {
    const right = RIGHTS[told.type ?? '']
    if (right !== undefined) {
      const about = told.topic === undefined ? asked : { ...asked, topic: told.topic }
      return refused('KAFKA_FORBIDDEN', `Kafka refuses ${right(about)}`, error)
    }
    if (told.name === 'KafkaJSSASLAuthenticationError' || CREDENTIALS.has(told.type ?? ''))
      return refused('KAFKA_BAD_CREDENTIALS', `Kafka refuses the login: ${message}`, error)
    // Not where the peer hung up instead of speaking TLS: so does a broker that stops, and then waiting helps.
    if (TLS.test(String(told.code ?? '')))
      return refused('KAFKA_PROTOCOL_MISMATCH', `Kafka: ${message} (${told.code})`, error)
  }
  const isHungUp = chain.some(({ name }) => name === 'KafkaJSConnectionClosedError')
  const remedy = isHungUp ? HUNG_UP : explainRefusal(error)
  const broker = chain.find((told) => told.broker !== undefined)?.broker
  const where = broker === undefined || message.includes(broker) ? message : `${message} (${broker})`
  const text = remedy === undefined ? where : `${where}: ${remedy}`
  return new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: ${text}`, { cause: error })
}

function refused(code: Refusal, what: string, cause: unknown): EnrichmentError {
  return new EnrichmentError(code, `${what}: ${explainRefusal(cause) ?? REMEDIES[code]}`, { cause })
}

/** The error and what it wraps, from the outside. */
export function chainOf(error: unknown): Told[] {
  const chain: Told[] = []
  for (let one = error; one instanceof Error && chain.length < 10; one = one.cause) chain.push(one as Told)
  return chain
}
