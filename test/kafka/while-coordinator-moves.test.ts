import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import {
  isConnectionLost,
  isCoordinatorMoving,
  whileCoordinatorMoves,
} from '../../src/kafka/while-coordinator-moves.ts'

type ErrorClass = new (cause: unknown, options?: object) => Error
const errors = createRequire(import.meta.url)('kafkajs/src/errors') as Record<string, ErrorClass>
const make = (name: string, cause: unknown, options?: object): Error => {
  const Class = errors[name]
  if (Class === undefined) throw new Error(`KafkaJS has no ${name}`)
  return new Class(cause, options)
}
/** As KafkaJS tells what it has tried several times. */
const wrapped = (error: Error) => make('KafkaJSNumberOfRetriesExceeded', error, { retryCount: 5, retryTime: 300 })
const refused = () => make('KafkaJSConnectionError', 'connect ECONNREFUSED', { broker: 'kafka:9092' })
const protocolError = (code: number) => make('KafkaJSProtocolError', Object.assign(new Error('refused'), { code }))

test('a coordinator that moves is known, also where KafkaJS has tried for a while, or knows none', () => {
  for (const code of [14, 15, 16, 51]) {
    expect(isCoordinatorMoving(protocolError(code))).toBe(true)
    expect(isCoordinatorMoving(wrapped(protocolError(code)))).toBe(true)
  }
  expect(isCoordinatorMoving(make('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator'))).toBe(true)
  expect(isCoordinatorMoving(protocolError(47))).toBe(false)
  expect(isCoordinatorMoving(refused())).toBe(false)
})

test('a connection that is refused is lost, also where KafkaJS has tried it several times', () => {
  expect(isConnectionLost(refused())).toBe(true)
  expect(isConnectionLost(wrapped(refused()))).toBe(true)
  expect(isConnectionLost(wrapped(protocolError(16)))).toBe(false)
})

test('what passes is done again, and what does not is told at once', async () => {
  const failures = [wrapped(protocolError(15)), wrapped(refused())]
  const work = async () => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
    return 'done'
  }
  expect(await whileCoordinatorMoves(work, isConnectionLost)).toBe('done')
  failures.push(wrapped(refused()))
  await expect(whileCoordinatorMoves(work)).rejects.toThrow('ECONNREFUSED')
})
