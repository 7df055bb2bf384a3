import { SchemaRegistry } from '../../../src/kafka/schema-registry.ts'

/** Loaded with `node --import`: the process dies, as of a fault in a native library, whenever it decodes this text. */
export const DEADLY_TEXT = 'Deadly to decode'

const { openCodec } = SchemaRegistry.prototype
SchemaRegistry.prototype.openCodec = async function (subject, schemaText) {
  const codec = await openCodec.call(this, subject, schemaText)
  const decode = (bytes: Buffer) => {
    if (bytes.includes(DEADLY_TEXT)) process.kill(process.pid, 'SIGKILL')
    return codec.decode(bytes)
  }
  return { ...codec, decode } as never
}
