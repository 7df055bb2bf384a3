import { expect, test } from 'vitest'
import { EnrichmentError } from '../../../src/errors.ts'
import { StoreQueue } from '../../../src/worker/ledger/store-queue.ts'

const NEVER = new AbortController().signal

interface Piece {
  requestId: string
  albumId: string
}

/** A lane whose lease comes into doubt, and a database that writes when it is told to. */
function openQueue(refuses: (piece: Piece) => Error | undefined = () => undefined) {
  const groups: string[][] = []
  let doubt: PromiseWithResolvers<void> | null = null
  /** Ends the write at hand. */
  let land: () => void = () => undefined
  const held = { isHeld: false }
  const lane = {
    get isOwner() {
      return doubt === null
    },
    async owned(signal: AbortSignal) {
      const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      while (doubt !== null) await Promise.race([doubt.promise, aborted])
    },
  }
  const queue = new StoreQueue<Piece, string>(lane, async (pieces) => {
    groups.push(pieces.map(({ requestId }) => requestId))
    if (held.isHeld) await new Promise<void>((resolve) => (land = resolve))
    for (const piece of pieces) {
      const error = refuses(piece)
      if (error) throw error
    }
    return pieces.map(({ requestId }) => `${requestId} is written`)
  })
  return {
    groups,
    add: (requestId: string, signal = NEVER, albumId = `album of ${requestId}`) =>
      queue.add({ requestId, albumId }, signal),
    hold: () => {
      held.isHeld = true
    },
    letGo: () => {
      held.isHeld = false
      land()
    },
    suspend: () => {
      doubt = Promise.withResolvers()
    },
    resume: () => {
      doubt?.resolve()
      doubt = null
    },
  }
}

const dataError = (code = '22021') => Object.assign(new Error('invalid byte sequence'), { code })

test('what comes while a group is written goes together in the next, and each gets its own answer', async () => {
  const { add, groups, hold, letGo } = openQueue()
  hold()
  const first = add('1')
  await expect.poll(() => groups.length).toBe(1)
  const others = ['2', '3', '4'].map((id) => add(id))
  letGo()
  expect(await Promise.all([first, ...others])).toEqual(['1', '2', '3', '4'].map((id) => `${id} is written`))
  expect(groups).toEqual([['1'], ['2', '3', '4']])
})

test('two stores of one album or one request never meet in a group, and keep their order', async () => {
  const { add, groups } = openQueue()
  await Promise.all([add('1', NEVER, 'a'), add('2', NEVER, 'a'), add('1', NEVER, 'b'), add('3', NEVER, 'c')])
  expect(groups).toEqual([
    ['1', '3'],
    ['2', '1'],
  ])
})

test('a store whose data is refused fails alone, and the rest lands', async () => {
  for (const bad of ['1', '5', '8']) {
    const { add } = openQueue(({ requestId }) => (requestId === bad ? dataError() : undefined))
    const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => add(String(index + 1))))
    const failed = ends.flatMap(({ status }, index) => (status === 'rejected' ? [String(index + 1)] : []))
    expect(failed).toEqual([bad])
  }
})

test('when the database is away all of the group fail, each with an error of its own, and once', async () => {
  const away = new EnrichmentError('DATABASE_UNAVAILABLE', 'gone')
  const { add, groups } = openQueue(() => away)
  const ends = await Promise.allSettled([add('1'), add('2'), add('3')])
  const errors = ends.map((end) => (end.status === 'rejected' ? end.reason : undefined))
  expect(errors.map(({ code, message }) => [code, message])).toEqual(Array(3).fill(['DATABASE_UNAVAILABLE', 'gone']))
  expect(new Set(errors).size).toBe(3)
  expect(groups.length).toBe(1)
})

test('a fault that is not the data’s is not looked for row by row', async () => {
  const { add, groups } = openQueue(() => dataError('42703'))
  const ends = await Promise.allSettled([add('1'), add('2')])
  expect([ends.map(({ status }) => status), groups.length]).toEqual([['rejected', 'rejected'], 1])
})

test('what was given up while it waited is not written, and its caller is told why', async () => {
  const { add, groups, hold, letGo } = openQueue()
  const giveUp = new AbortController()
  hold()
  const first = add('1')
  await expect.poll(() => groups.length).toBe(1)
  const [second, third] = [add('2', giveUp.signal), add('3')]
  second.catch(() => undefined)
  giveUp.abort(new Error('given up'))
  letGo()
  await expect(second).rejects.toThrow('given up')
  expect(await Promise.all([first, third])).toHaveLength(2)
  expect(groups).toEqual([['1'], ['3']])
})

test('nothing is written while the lease is in doubt, but who waits is still told when it is given up', async () => {
  const { add, groups, hold, letGo, suspend, resume } = openQueue()
  const giveUp = new AbortController()
  hold()
  const first = add('1')
  await expect.poll(() => groups.length).toBe(1)
  const [second, third] = [add('2', giveUp.signal), add('3')]
  suspend()
  letGo()
  await first
  giveUp.abort(new Error('given up'))
  await expect(second).rejects.toThrow('given up')
  expect(groups).toEqual([['1']])
  resume()
  expect(await third).toBe('3 is written')
})
