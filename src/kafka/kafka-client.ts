import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { type Logger, redactAll } from '../log.ts'
import { redact } from '../redact.ts'
import { createSocket, toReadable } from './broker-address.ts'
import { closeClient } from './close-client.ts'
import { installCodecs } from './codecs.ts'
import { type Asked, chainOf, kafkaError } from './kafka-error.ts'
import { applyPatches } from './patches/apply-patches.ts'
import { withoutSilent } from './patches/silent-brokers.ts'
import type { KafkaSecurity } from './security.ts'

export type { Kafka }

/**
 * A client of the given brokers; it connects when first used.
 *
 * KafkaJS's own log goes to debug: it calls ordinary moments (a first join, a coordinator that moves) errors. What servers
 * said stands there as texts, not as errors.
 */
export function createKafka(brokers: string[], clientId: string, log: Logger, security: KafkaSecurity = {}): Kafka {
  applyPatches()
  installCodecs()
  const kafkaLog = log.child({ library: 'kafkajs' })
  const kafka = new Kafka({
    socketFactory: createSocket,
    ...security,
    brokers: () => withoutSilent(brokers.map(toReadable)),
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // Of connecting; longer would only hide from the readiness probe that no broker answers.
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ log: { message, logger: _logger, timestamp: _timestamp, ...fields } }) =>
        kafkaLog.debug(redactAll(fields), redact(String(message))),
  })
  clientIds.set(kafka, clientId)
  return kafka
}

const clientIds = new WeakMap<Kafka, string>()

/** A name for a group of one reading; begins as the client's id does, and so as what the service may use in Kafka. */
export function nameTemporaryGroup(kafka: Kafka): string {
  return `${clientIds.get(kafka)}-${randomUUID()}`
}

export type Admin = ReturnType<Kafka['admin']>

/** An administrative client, which is not connected yet. */
export function createAdmin(kafka: Kafka): Admin {
  return kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 } })
}

/** The protocol's errors of a broker that is no longer, or not yet, the one to be asked: it has done nothing. */
const ASK_ANOTHER = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
])
const ASK_AGAIN_MS = [100, 200, 400, 800]

/**
 * Runs one administrative piece of work on a connection of its own; from its beginning once more where a leader or
 * coordinator has just moved, which KafkaJS does not follow.
 *
 * @param asked what the work is about, for the text of a refusal
 * @throws EnrichmentError KAFKA_UNAVAILABLE when no broker answers; Kafka's refusals (see kafkaError)
 */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>, asked: Asked = {}): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const admin = createAdmin(kafka)
    try {
      await admin.connect()
      return await work(admin)
    } catch (error) {
      const waitMs = ASK_AGAIN_MS[tries]
      if (waitMs === undefined || !chainOf(error).some(({ type = '' }) => ASK_ANOTHER.has(type)))
        throw kafkaError(error, asked)
      await delay(waitMs)
    } finally {
      await closeClient(admin)
    }
  }
}
