import { Kafka, logLevel } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { hideAbortedRecords } from './aborted-records.ts'
import { calmRequestQueue } from './calm-request-queue.ts'
import { installCodecs } from './codecs.ts'
import { letTransactionsJoin } from './join-partitions.ts'
import { writeNullHeaders } from './null-headers.ts'

export type { Kafka }

calmRequestQueue()
installCodecs()
writeNullHeaders()
hideAbortedRecords()
letTransactionsJoin()

/**
 * A client of the given brokers; it connects when first used.
 *
 * KafkaJS's own log goes to debug: it calls ordinary moments (a first join, a coordinator that moves) errors.
 */
export function createKafka(brokers: string[], clientId: string, log: Logger): Kafka {
  const kafkaLog = log.child({ library: 'kafkajs' })
  return new Kafka({
    brokers,
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // Of connecting; longer would only hide from the readiness probe that no broker answers.
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ log: { message, logger: _logger, timestamp: _timestamp, ...fields } }) =>
        kafkaLog.debug(fields, message),
  })
}

type Admin = ReturnType<Kafka['admin']>

/**
 * Runs one administrative piece of work on a connection of its own.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE when no broker answers
 */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 } })
  try {
    await admin.connect()
    return await work(admin)
  } catch (error) {
    throw kafkaError(error)
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/** A KafkaJS error as ours; ours as it is. */
export function kafkaError(error: unknown): EnrichmentError {
  if (error instanceof EnrichmentError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: ${message}`, { cause: error })
}
