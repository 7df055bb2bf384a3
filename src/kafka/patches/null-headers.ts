import { createRequire } from 'node:module'

interface Encoder {
  writeVarIntBytes(value: Buffer | string | null): Encoder
}

/** A header without a value, told from an empty one by its identity. KafkaJS reads such headers and refuses to write them. */
export const NULL_HEADER = Buffer.alloc(0)

/**
 * Lets KafkaJS 2.2.4 write headers without a value, so that a record that carries one can be passed on as it is. Its
 * encoder takes null, but the sum of a record's size before it does not; on the wire both cost one byte, so the stand-in
 * is counted and null is written. Again is harmless.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function writeNullHeaders(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as { prototype: Encoder }
  const write = prototype.writeVarIntBytes
  if (typeof write !== 'function') {
    throw new Error('kafkajs has no Encoder.writeVarIntBytes: see whether null-headers.ts is still needed')
  }
  prototype.writeVarIntBytes = function (value) {
    return write.call(this, value === NULL_HEADER ? null : value)
  }
}
