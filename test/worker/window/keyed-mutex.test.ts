import { expect, test } from 'vitest'
import { KeyedMutex } from '../../../src/worker/window/keyed-mutex.ts'

test('work of one key never overlaps and keeps its order, other keys overtake', async () => {
  const albums = new KeyedMutex()
  const happened: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = albums.run('1', async () => {
    await gate.promise
    happened.push('first')
  })
  const second = albums.run('1', async () => happened.push('second'))
  await albums.run('2', async () => happened.push('other'))
  expect(albums.isBusy('1')).toBe(true)
  gate.resolve()
  await Promise.all([first, second])
  expect(happened).toEqual(['other', 'first', 'second'])
  expect(albums.isBusy('1')).toBe(false)
})

test('a failure of one does not keep the next of its key from running', async () => {
  const albums = new KeyedMutex()
  const failing = albums.run('1', async () => Promise.reject(new Error('no')))
  const next = albums.run('1', async () => 'done')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('done')
})
