import { expect, test } from 'vitest'
import { DeadLetterLimit } from '../../src/holds/dead-letter-limit.ts'

const NEVER = new AbortController().signal

function aFlood(limit: number) {
  const holds: boolean[] = []
  const flood = new DeadLetterLimit(limit, (hold) => holds.push(hold !== null))
  return { flood, holds }
}

/** As who gives a record up finds it: whether he would have to wait for a person. */
const isHeld = (flood: DeadLetterLimit) =>
  flood.admit(AbortSignal.abort()).then(
    () => false,
    () => true,
  )

test('dead letters in a row up to the limit hold, and any other end between them begins the count anew', async () => {
  const { flood, holds } = aFlood(3)
  for (const isDeadLetter of [true, true, false, true, true]) flood.record(isDeadLetter)
  expect([await isHeld(flood), await flood.admit(NEVER)]).toEqual([false, true])
  flood.record(true)
  expect([await isHeld(flood), holds]).toEqual([true, [true]])
})

test('while it holds nobody may give a record up; after a resume one goes first, and its end decides', async () => {
  const { flood, holds } = aFlood(1)
  flood.record(true)
  const waiting = flood.admit(NEVER)
  flood.resume()
  expect([await waiting, flood.isProbing]).toEqual([false, true])
  flood.record(true)
  expect([await isHeld(flood), holds]).toEqual([true, [true, false, true]])
  flood.resume()
  flood.record(false)
  expect([await isHeld(flood), flood.isProbing, holds.at(-1)]).toEqual([false, false, false])
  flood.resume()
  expect(flood.isProbing, 'nothing is held').toBe(false)
})

test('while it holds, what ends well was in the air already and lets nobody go on', async () => {
  const { flood, holds } = aFlood(2)
  for (const isDeadLetter of [true, true, false, true]) flood.record(isDeadLetter)
  expect([await isHeld(flood), holds]).toEqual([true, [true]])
})

test('a hold that another process left behind goes on as it was, and one goes first if a person has said resume since', async () => {
  const since = '2026-01-10T12:00:00.000Z'
  const stored = { cause: 'flood', message: '20 dead letters in a row', remedy: 'resume', since }
  const told: object[] = []
  const flood = new DeadLetterLimit(3, (hold) => hold && told.push(hold))
  flood.restore(undefined, 0)
  expect([await isHeld(flood), flood.isProbing]).toEqual([false, false])
  flood.restore(stored, Date.parse(since) - 1)
  expect([await isHeld(flood), told]).toEqual([true, [stored]])
  flood.restore(stored, Date.parse(since) + 1)
  expect(await isHeld(flood), 'what it knows itself counts').toBe(true)

  const { flood: successor, holds } = aFlood(3)
  successor.restore(stored, Date.parse(since) + 1)
  expect([await isHeld(successor), successor.isProbing, holds]).toEqual([false, true, []])
  successor.record(true)
  expect(await isHeld(successor)).toBe(true)
})

test('who waits can be called off', async () => {
  const { flood } = aFlood(1)
  flood.record(true)
  const stop = new AbortController()
  const waiting = flood.admit(stop.signal)
  stop.abort(new Error('called off'))
  await expect(waiting).rejects.toThrow('called off')
})
