import type { IHeaders } from 'kafkajs'
import { expect, test } from 'vitest'
import { toRecordHeaders } from '../../src/kafka/delivery.ts'
import { NULL_HEADER } from '../../src/kafka/patches/null-headers.ts'

test('headers that KafkaJS would refuse to publish again become empty ones', () => {
  const foreign = { none: undefined, text: 'a', bytes: Buffer.from('b'), twice: ['c', Buffer.from('d')] }
  const nulled = { ...foreign, nothing: null as unknown as undefined }
  expect(toRecordHeaders(nulled)).toEqual({ ...foreign, none: Buffer.alloc(0), nothing: Buffer.alloc(0) })
  expect(toRecordHeaders(undefined)).toEqual({})
})

test('a header without a value stays one, alone or among others of its name', () => {
  const headers = toRecordHeaders({ alone: null, among: [null, 'a'] } as unknown as IHeaders)
  expect(headers.alone).toBe(NULL_HEADER)
  expect([headers.among].flat()[0]).toBe(NULL_HEADER)
})
