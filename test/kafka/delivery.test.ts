import { expect, test } from 'vitest'
import { toRecordHeaders, toTopicMessages } from '../../src/kafka/delivery.ts'

test('headers that KafkaJS would refuse to publish again become empty ones', () => {
  const foreign = { none: undefined, text: 'a', bytes: Buffer.from('b'), twice: ['c', Buffer.from('d')] }
  const nulled = { ...foreign, nothing: null as unknown as undefined }
  expect(toRecordHeaders(nulled)).toEqual({ ...foreign, none: Buffer.alloc(0), nothing: Buffer.alloc(0) })
  expect(toRecordHeaders(undefined)).toEqual({})
})

test('records go to their topics in order', () => {
  const record = (topic: string, key: string) => ({ topic, key, value: null })
  const batches = toTopicMessages([record('a', '1'), record('b', '2'), { ...record('a', '3'), headers: { h: 'x' } }])
  expect(batches).toEqual([
    {
      topic: 'a',
      messages: [
        { key: '1', value: null },
        { key: '3', value: null, headers: { h: 'x' } },
      ],
    },
    { topic: 'b', messages: [{ key: '2', value: null }] },
  ])
})
