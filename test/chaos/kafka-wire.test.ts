import { expect, test } from 'vitest'
import { API, kafkaWire, readTransaction } from './kafka-wire.ts'

const BROKER_PORT = 20_001
const DOOR_PORT = 20_002
const OTHER_BROKER_PORT = 20_003
const OTHER_DOOR_PORT = 20_004
const CORRELATION_ID = 7

const open = () =>
  kafkaWire(
    new Map([
      [BROKER_PORT, DOOR_PORT],
      [OTHER_BROKER_PORT, OTHER_DOOR_PORT],
    ]),
  )()

test('messages are found whatever pieces the network makes of them, and an answer is known by its request', () => {
  const wire = open()
  const bytes = Buffer.concat([aRequest(API.produce, 'one'), aRequest(API.endTxn, 'two')])
  const requests = [...bytes].flatMap((_, at) => wire.request(bytes.subarray(at, at + 1)))
  expect(requests.map(({ apiKey }) => apiKey)).toEqual([API.produce, API.endTxn])
  expect(Buffer.concat(requests.map((request) => request.bytes))).toEqual(bytes)
  expect(wire.answer(anAnswer(Buffer.from('done'))).map(({ apiKey }) => apiKey)).toEqual([API.endTxn])
})

test("each broker's address becomes its proxy's in answers that name it, and in no other", () => {
  const addresses = (...ports: number[]) => Buffer.concat(ports.flatMap((port) => [text('127.0.0.1'), int32(port)]))
  const address = addresses(BROKER_PORT, OTHER_BROKER_PORT, BROKER_PORT)
  const changed = addresses(DOOR_PORT, OTHER_DOOR_PORT, DOOR_PORT)
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
