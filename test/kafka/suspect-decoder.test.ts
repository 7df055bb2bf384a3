import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { avroType, readBounded } from '../../src/kafka/read-as.ts'
import { SuspectDecoder } from '../../src/kafka/suspect-decoder.ts'

const STRING = '"string"'
const TEXT = avroType(STRING)
const DECODE_BADLY = new URL('../stack/faults/decode-badly.ts', import.meta.url)
const badly = (what: string) => new SuspectDecoder(DECODE_BADLY).survive(TEXT, STRING, Buffer.from(what))

test('a suspect that is decoded well, and one that is undecodable, are left to whoever decodes next', async () => {
  const decoder = new SuspectDecoder()
  const bytes = Buffer.concat([Buffer.from([8]), Buffer.from('good')])
  for (const body of [bytes, bytes.subarray(0, 3), Buffer.from('ff'.repeat(12), 'hex'), Buffer.alloc(0)])
    expect(await decoder.survive(TEXT, STRING, body)).toBeUndefined()
})

test('of several suspects each is judged by what it does itself', async () => {
  const decoder = new SuspectDecoder(DECODE_BADLY)
  const ends = ['kills', 'is decoded well', 'kills'].map((what) =>
    decoder.survive(TEXT, STRING, Buffer.from(what)).then(
      () => 'lives',
      ({ code }) => code,
    ),
  )
  expect(await Promise.all(ends)).toEqual(['CRASHED_DECODER', 'lives', 'CRASHED_DECODER'])
})

test('a suspect at all the bounds of a record has the memory to be decoded', async () => {
  const fields = Array.from({ length: 18 }, (_, index) => ({ name: `f${index}`, type: 'string' }))
  const items = { type: 'record', name: 'Item', fields }
  const type = avroType(JSON.stringify({ type: 'array', items }))
  const item = Object.fromEntries(fields.map(({ name }) => [name, 'é'.repeat(20)]))
  // 190,001 values in 7.4 MB.
  const body = (type as unknown as { toBuffer(value: unknown): Buffer }).toBuffer(Array(10_000).fill(item))
  expect(readBounded(type, type)(body)).toHaveLength(10_000)
  await new SuspectDecoder().survive(type, JSON.stringify(type), body)
})

test.each([
  ['kills', 'was the end of 2 processes'],
  ['fills the memory of', 'was the end of 2 processes'],
  ['loops in', 'was not decoded after 5 s'],
])('a suspect that %s its decoder is given up, and our process lives', async (what, why) => {
  const error = await badly(what).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'CRASHED_DECODER', message: expect.stringContaining(why) })
})

test('what is no fault of the record is not held against it', async () => {
  const path = join(tmpdir(), `killed-${randomUUID()}`)
  onTestFinished(() => rmSync(path))
  await badly(path)
  expect(existsSync(path), 'one end alone').toBe(true)
  // As Ctrl-C does, or a supervisor that stops a whole group.
  await badly('is decoded while signals come to')
  const missing = new SuspectDecoder(new URL('./missing.ts', import.meta.url))
  await missing.survive(TEXT, STRING, Buffer.from([0]))
})
