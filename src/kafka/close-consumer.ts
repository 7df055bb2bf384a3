import type { Consumer } from 'kafkajs'
import { orAborted } from '../or-aborted.ts'

/** Milliseconds without a word of Kafka after which a consumer of KafkaJS is taken for dead: one that hangs, be it in its own end, says nothing. */
export const SILENT_MS = 60_000
/** KafkaJS waits for what is in hand, and for a broker's answer; what it has not closed by then is left to itself. */
const CLOSED_WITHIN_MS = 10_000

/**
 * Ends a consumer. Never rejects.
 *
 * @param begun its beginning, which never rejects: disconnected in it, it would go on and join, with nobody to end it
 */
export async function closeConsumer(consumer: Pick<Consumer, 'disconnect'>, begun: Promise<unknown>): Promise<void> {
  const closed = begun.then(() => consumer.disconnect())
  await orAborted(closed, AbortSignal.timeout(CLOSED_WITHIN_MS)).catch(() => undefined)
}
