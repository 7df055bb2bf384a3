import { beforeEach, expect, test } from 'vitest'
import { AssignedPartition, type PartitionEvent, type PartitionPhase } from '../../src/kafka/assigned-partition.ts'
import type { OwnedPartition } from '../../src/kafka/group-consumer-options.ts'
import { createLogger } from '../../src/log.ts'

const ONE = { topic: 'topic', partition: 1 }
const turn = () => new Promise(setImmediate)

let told: string[]
let session: AbortController
/** What the next attempts to take possession come to. */
let attempts: PromiseWithResolvers<OwnedPartition>[]
let partition: AssignedPartition

beforeEach(() => {
  told = []
  attempts = []
  session = new AbortController()
  const options = {
    partition: ONE,
    session: session.signal,
    log: createLogger('silent'),
    fetching: {
      pause: () => void told.push('pause'),
      seek: ({ offset }: { offset: bigint }) => void told.push(`seek ${offset}`),
      resume: () => void told.push('resume'),
    },
    own() {
      const attempt = Promise.withResolvers<OwnedPartition>()
      attempts.push(attempt)
      return attempt.promise
    },
    onFailure: (error: unknown) => void told.push(error === null ? 'well' : (error as Error).message),
  }
  partition = new AssignedPartition(options, Promise.resolve())
})

const owned = (receive: OwnedPartition['receive'] = async () => undefined): OwnedPartition => ({
  position: 7n,
  receive,
  close: async () => void told.push('closed'),
})

async function own(receive?: OwnedPartition['receive']): Promise<void> {
  await turn()
  attempts.at(-1)?.resolve(owned(receive))
  await turn()
}

const READ = ['pause', 'seek 7', 'resume']

/** Each edge of the table, by what brings the partition along it. */
const EDGES: Record<PartitionPhase, Partial<Record<PartitionEvent, () => Promise<void>>>> = {
  owning: {
    own,
    async close() {
      await turn()
      attempts.at(-1)?.reject(new Error('refused'))
      await turn()
    },
    async end() {
      await turn()
      session.abort(new Error('over'))
      attempts.at(-1)?.resolve(owned())
      await turn()
    },
  },
  reading: {
    async close() {
      await own()
      partition.fail(new Error('lost'))
      await turn()
    },
  },
  over: {},
}

for (const [from, edges] of Object.entries(AssignedPartition.TRANSITIONS)) {
  for (const [event, to] of Object.entries(edges)) {
    test(`${from}: ${event} leads to ${to}`, async () => {
      await EDGES[from as PartitionPhase][event as PartitionEvent]?.()
      expect(partition.phase).toBe(to)
      session.abort()
      attempts.at(-1)?.reject(new Error('over'))
      await partition.ended
      expect(partition.phase).toBe('over')
    })
  }
}

test('possession is taken, lost, closed and taken again after a pause', async () => {
  await own()
  expect(told).toEqual(READ)
  partition.fail(new Error('lost'))
  await turn()
  expect(told.slice(READ.length)).toEqual(['pause', 'closed', 'lost'])
  await expect.poll(() => attempts.length).toBe(2)
  await own()
  expect(told.slice(READ.length + 3)).toEqual(READ.slice(1))
})

test('what is had again counts as well once a batch was taken in, or nothing has come for some seconds', async () => {
  let isBroken = true
  await own(async () => {
    if (isBroken) throw new Error('broken')
  })
  await partition.receive([], 8n)
  await expect.poll(() => attempts.length).toBe(2)
  await own()
  expect(told).not.toContain('well')
  isBroken = false
  await partition.receive([], 8n)
  expect(told.filter((text) => text === 'well').length).toBe(1)
  await expect.poll(() => told.filter((text) => text === 'well').length, { timeout: 10_000 }).toBe(2)
})

test('what is had once the assignment is over is closed, and nothing of it is fetched', async () => {
  await turn()
  session.abort()
  attempts.at(-1)?.resolve(owned())
  await partition.ended
  expect(told).toEqual(['pause', 'closed'])
})

test('nothing is closed before what is in hand has returned', async () => {
  const receiving = Promise.withResolvers<void>()
  await own(() => receiving.promise)
  const received = partition.receive([], 8n)
  session.abort()
  await turn()
  expect(told).not.toContain('closed')
  receiving.resolve()
  await partition.ended
  expect(await received).toBe(false)
  expect(told.at(-1)).toBe('closed')
})

test('a batch from elsewhere is fetched again, also after one that failed', async () => {
  let isBroken = true
  await own(async () => {
    if (isBroken) throw new Error('broken')
  })
  expect(partition.expects('6')).toBe(false)
  expect(told.at(-1)).toBe('seek 7')
  expect(partition.expects('7')).toBe(true)
  expect(await partition.receive([], 9n)).toBe(false)
  await turn()
  // Not before it is had again: one that is fetched all the same is not looked at.
  expect([partition.phase, partition.expects('7'), told.at(-1)]).toEqual(['owning', false, 'pause'])
  isBroken = false
  await expect.poll(() => attempts.length).toBe(2)
  await own()
  expect(await partition.receive([], 9n)).toBe(true)
  expect([partition.expects('7'), told.at(-1), partition.expects('9')]).toEqual([false, 'seek 9', true])
})

test('markers alone move the position on, and are told before the next batch', async () => {
  const seen: string[] = []
  await own(async ({ deliveries, nextOffset }) => void seen.push(`${deliveries.length} to ${nextOffset}`))
  partition.skipTo(8n)
  expect(partition.expects('8')).toBe(true)
  await partition.receive([], 9n)
  partition.skipTo(9n)
  expect(seen).toEqual(['0 to 8', '0 to 9'])
})

test('a possession that cannot be closed well is taken again all the same', async () => {
  await turn()
  attempts.at(-1)?.resolve({ ...owned(), close: () => Promise.reject(new Error('not closed')) })
  await turn()
  partition.fail(new Error('lost'))
  await expect.poll(() => attempts.length).toBe(2)
})
