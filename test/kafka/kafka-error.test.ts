import { expect, test } from 'vitest'
import { isRefusal, kafkaError } from '../../src/kafka/kafka-error.ts'

/** As KafkaJS throws what it does not try again: the protocol's error stands in the cause. */
const wrapped = (fields: object) =>
  new Error('wrapped', {
    cause: Object.assign(new Error('Not authorized'), { name: 'KafkaJSProtocolError', ...fields }),
  })

const ASKED = { topic: 'album.enriched', group: 'album-enricher.worker', transactionalId: 'album-enricher.worker.lane' }

test.each([
  ['TOPIC_AUTHORIZATION_FAILED', 'topic album.enriched'],
  ['GROUP_AUTHORIZATION_FAILED', 'Read on group album-enricher.worker'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'Write on transactional id album-enricher.worker.lane'],
])('%s is told with the right and its resource', (type, right) => {
  const error = kafkaError(wrapped({ type }), ASKED)
  expect(error).toMatchObject({ code: 'KAFKA_FORBIDDEN', message: expect.stringContaining(right) })
  expect(isRefusal(error.code)).toBe(true)
})

test('the topic that the answer names counts more than the one that was asked for', () => {
  const error = kafkaError(wrapped({ type: 'TOPIC_AUTHORIZATION_FAILED', topic: 'album.imported' }), ASKED)
  expect(error.message).toContain('topic album.imported')
})

test.each([
  [{ name: 'KafkaJSSASLAuthenticationError' }, 'KAFKA_BAD_CREDENTIALS'],
  [{ type: 'SASL_AUTHENTICATION_FAILED' }, 'KAFKA_BAD_CREDENTIALS'],
  [{ name: 'KafkaJSConnectionError', code: 'CERT_HAS_EXPIRED' }, 'KAFKA_PROTOCOL_MISMATCH'],
  [{ name: 'KafkaJSConnectionError', code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'KAFKA_PROTOCOL_MISMATCH'],
  [{ name: 'KafkaJSConnectionError', code: 'ECONNREFUSED' }, 'KAFKA_UNAVAILABLE'],
  [{ type: 'NOT_LEADER_FOR_PARTITION' }, 'KAFKA_UNAVAILABLE'],
])('%j is %s', (fields, code) => {
  expect(kafkaError(wrapped(fields)).code).toBe(code)
})

test('a peer that hangs up instead of speaking TLS may be a broker that stops: it is waited for, and told with the setting', () => {
  const message = 'Client network socket disconnected before secure TLS connection was established'
  const error = kafkaError(wrapped({ name: 'KafkaJSConnectionError', message, code: 'ECONNRESET' }))
  expect(error.code).toBe('KAFKA_UNAVAILABLE')
  expect(error.message).toMatch(/it is stopping, or speaks otherwise than KAFKA_SECURITY_PROTOCOL says/)
})

test.each([
  ['INVALID_SESSION_TIMEOUT', /6000 ms/],
  ['INVALID_TRANSACTION_TIMEOUT', /transaction\.max\.timeout\.ms of the brokers be 10000/],
  ['OFFSET_METADATA_TOO_LARGE', /offset\.metadata\.max\.bytes/],
  ['MESSAGE_TOO_LARGE', /max\.message\.bytes and compression\.type/],
])('%s is told with the setting of the brokers that is in the way', (type, setting) => {
  expect(kafkaError(wrapped({ type }))).toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(setting),
  })
})

test('a broker that hangs up may have too many connections', () => {
  const error = kafkaError(wrapped({ name: 'KafkaJSConnectionClosedError' }))
  expect(error.message).toMatch(/KAFKA_SECURITY_PROTOCOL.*max\.connections\.per\.ip/)
})

test('a listener that takes connections and does not speak Kafka is told with the settings', () => {
  const error = kafkaError(new Error('Request ApiVersions(key: 18, version: 2) timed out'))
  expect(error.code).toBe('KAFKA_UNAVAILABLE')
  expect(error.message).toMatch(/KAFKA_BROKERS.*KAFKA_SECURITY_PROTOCOL/)
})

test('a broker that cannot be reached is told with its name, the setting and what to do', () => {
  const refused = { name: 'KafkaJSConnectionError', code: 'ECONNREFUSED', broker: 'kafka:9092' }
  const message = /^Kafka: wrapped \(kafka:9092\): nothing listens there: start the server, or mend KAFKA_BROKERS/
  expect(kafkaError(wrapped(refused)).message).toMatch(message)
  const silent = { name: 'KafkaJSConnectionError', message: 'Connection timeout', broker: 'kafka:9092' }
  expect(kafkaError(wrapped(silent)).message).toMatch(/\(kafka:9092\): that broker hangs.*KAFKA_BROKERS/)
})
