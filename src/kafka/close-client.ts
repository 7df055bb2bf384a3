import type { Admin, Producer } from 'kafkajs'
import { orAborted } from '../or-aborted.ts'

const CLOSED_WITHIN_MS = 2_000

/**
 * Ends a client of Kafka. KafkaJS waits for the answer to all that it has asked, and for ever where that broker is gone
 * meanwhile: what it has not closed within 2 s is left to itself. Never rejects.
 */
export async function closeClient(client: Pick<Admin | Producer, 'disconnect'>): Promise<void> {
  await orAborted(client.disconnect(), AbortSignal.timeout(CLOSED_WITHIN_MS)).catch(() => undefined)
}
