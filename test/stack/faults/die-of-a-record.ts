import { SchemaRegistry } from '../../../src/kafka/schema-registry.ts'
import { WaitingRecords } from '../../../src/relay/waiting-records.ts'

/**
 * Loaded with `node --import` into `run ROLE`: the process dies, as of a fault in a native library, whenever it decodes
 * the text that is deadly to its role, or, as the relay decodes nothing, takes it in.
 */
export const deadlyTo = (role: string) => `Deadly to ${role}`

const deadly = deadlyTo(process.argv.at(-1) ?? '')
const dieOf = (bytes: Buffer | null) => {
  if (bytes?.includes(deadly)) process.kill(process.pid, 'SIGKILL')
}

const { openCodec } = SchemaRegistry.prototype
SchemaRegistry.prototype.openCodec = async function (subject, schemaText) {
  const codec = await openCodec.call(this, subject, schemaText)
  const decode = (bytes: Buffer) => {
    dieOf(bytes)
    return codec.decode(bytes)
  }
  return { ...codec, decode } as never
}

const { add } = WaitingRecords.prototype
WaitingRecords.prototype.add = function (deliveries, ...rest) {
  // What is given up is looked into no more.
  for (const { value, fault } of deliveries) if (fault === undefined) dieOf(value)
  add.call(this, deliveries, ...rest)
}
