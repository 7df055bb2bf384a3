import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { withFirstAbort } from '../src/with-first-abort.ts'

/** Waits for the signal, and for nothing else. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })

test.each([0, 1])('work ends with the reason of whichever of two signals aborts first: number %i', async (index) => {
  const both = [new AbortController(), new AbortController()]
  const signals = both.map(({ signal }) => signal)
  const work = withFirstAbort(signals, untilAborted)
  both[index]?.abort('first')
  both[1 - index]?.abort('second')
  await expect(work).rejects.toBe('first')
  await expect(withFirstAbort(signals.slice(index, index + 1), untilAborted)).rejects.toBe('first')
})

test('many that wait for one signal are one listener of it, and each ends by itself', async () => {
  const shared = new AbortController()
  const own = Array.from({ length: 3 }, () => new AbortController())
  const works = own.map(({ signal }) => withFirstAbort([shared.signal, signal], untilAborted))
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(1)
  own[0]?.abort('own')
  await expect(works[0]).rejects.toBe('own')
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(1)
  shared.abort('shared')
  await expect(works[1]).rejects.toBe('shared')
  await expect(works[2]).rejects.toBe('shared')
  expect(getEventListeners(shared.signal, 'abort')).toEqual([])
})

test('nothing is left of work that is over', async () => {
  const { signal } = new AbortController()
  expect(
    await withFirstAbort([signal], async (first) => [first.aborted, getEventListeners(signal, 'abort').length]),
  ).toEqual([false, 1])
  await expect(withFirstAbort([signal], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
