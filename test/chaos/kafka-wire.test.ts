import { expect, test } from 'vitest'
import type { Door } from './door.ts'
import { API, kafkaWire, readTransaction } from './kafka-wire.ts'

const BROKER_PORT = 20_001
const DOOR_PORT = 20_002
const CORRELATION_ID = 7

const open = () => kafkaWire(`127.0.0.1:${BROKER_PORT}`)({ port: DOOR_PORT } as Door)

test('messages are found whatever pieces the network makes of them, and an answer is known by its request', () => {
  const wire = open()
  const bytes = Buffer.concat([aRequest(API.produce, 'one'), aRequest(API.endTxn, 'two')])
  const requests = [...bytes].flatMap((_, at) => wire.request(bytes.subarray(at, at + 1)))
  expect(requests.map(({ apiKey }) => apiKey)).toEqual([API.produce, API.endTxn])
  expect(Buffer.concat(requests.map((request) => request.bytes))).toEqual(bytes)
  expect(wire.answer(anAnswer(Buffer.from('done'))).map(({ apiKey }) => apiKey)).toEqual([API.endTxn])
})

test("the broker's address becomes the door's in answers that name it, and in no other", () => {
  const address = Buffer.concat([text('127.0.0.1'), int32(BROKER_PORT)])
  const changed = Buffer.concat([text('127.0.0.1'), int32(DOOR_PORT)])
  for (const [apiKey, expected] of [
    [API.metadata, changed],
    [API.findCoordinator, changed],
    [API.produce, address],
  ] as const) {
    const wire = open()
    wire.request(aRequest(apiKey, ''))
    expect(wire.answer(anAnswer(address))[0]?.bytes).toEqual(anAnswer(expected))
  }
})

test('an EndTxn tells its transactional id and whether it commits', () => {
  const body = (commits: number) => Buffer.concat([Buffer.alloc(10), Buffer.from([commits])])
  expect(readTransaction(aRequest(API.endTxn, 'a.lane', body(1)))).toEqual({ transactionalId: 'a.lane', commits: true })
  expect(readTransaction(aRequest(API.endTxn, 'a.lane', body(0)))).toEqual({
    transactionalId: 'a.lane',
    commits: false,
  })
})

/** Version 0, of client "client". */
function aRequest(apiKey: number, transactionalId: string, rest = Buffer.alloc(0)): Buffer {
  const head = Buffer.concat([int16(apiKey), int16(0), int32(CORRELATION_ID), text('client')])
  return framed(Buffer.concat([head, text(transactionalId), rest]))
}

const anAnswer = (body: Buffer) => framed(Buffer.concat([int32(CORRELATION_ID), body]))
const framed = (message: Buffer) => Buffer.concat([int32(message.length), message])
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
