import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { avroType } from '../../../src/kafka/read-as.ts'
import { WaitingRecords } from '../../../src/relay/waiting-records.ts'

/**
 * Loaded with `node --import` into `run ROLE`, and by it into the processes that it starts: each dies, as of a fault in
 * a native library, whenever it decodes the text that is deadly to its role, reads a schema with it, or, as the relay does
 * neither, takes it in.
 */
export const deadlyTo = (role: string) => `Deadly to ${role}`

const deadly = process.env.DEADLY ?? deadlyTo(process.argv.at(-1) ?? '')
const dieOf = (bytes: Buffer | null) => {
  if (bytes?.includes(deadly)) process.kill(process.pid, 'SIGKILL')
}

// They are given no environment.
const { fork } = childProcess
childProcess.fork = ((program: string, options: childProcess.ForkOptions) => {
  const env = { ...options.env, DEADLY: deadly, NODE_OPTIONS: process.env.NODE_OPTIONS }
  return fork(program, { ...options, env })
}) as typeof fork
syncBuiltinESMExports()

let prototype = avroType('"string"')
while (!Object.hasOwn(prototype, 'fromBuffer')) prototype = Object.getPrototypeOf(prototype)
const { fromBuffer } = prototype
prototype.fromBuffer = function (bytes, resolver) {
  dieOf(bytes)
  return fromBuffer.call(this, bytes, resolver)
}

const avsc = prototype.constructor as unknown as { forSchema(schema: unknown, ...rest: unknown[]): unknown }
const { forSchema } = avsc
avsc.forSchema = (schema, ...rest) => {
  dieOf(Buffer.from(JSON.stringify(schema)))
  return forSchema.call(avsc, schema, ...rest)
}

const { add } = WaitingRecords.prototype
WaitingRecords.prototype.add = function (deliveries, ...rest) {
  // What is given up is looked into no more.
  for (const { value, fault } of deliveries) if (fault === undefined) dieOf(value)
  add.call(this, deliveries, ...rest)
}
