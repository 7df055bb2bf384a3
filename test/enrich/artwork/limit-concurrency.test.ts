import { expect, test } from 'vitest'
import { limitConcurrency } from '../../../src/enrich/artwork/limit-concurrency.ts'

test('runs at most so many tasks at once, all of them, in order', async () => {
  const run = limitConcurrency(2)
  const started: number[] = []
  let running = 0
  let most = 0
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      run(async () => {
        started.push(n)
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return n
      }),
    ),
  )
  expect(most).toBe(2)
  expect(started).toEqual(results)
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a task that fails frees its place', async () => {
  const run = limitConcurrency(1)
  const failing = run(async () => Promise.reject(new Error('broken')))
  const next = run(async () => 'ran')
  await expect(failing).rejects.toThrow('broken')
  expect(await next).toBe('ran')
  expect(await run(async () => 'again')).toBe('again')
})
