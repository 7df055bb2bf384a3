import { expect, test } from 'vitest'
import { EnrichmentError } from '../../../src/errors.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import { LaneLease } from '../../../src/worker/lease/lane-lease.ts'
import { whileOwner } from '../../../src/worker/lease/while-owner.ts'
import { StoreQueue } from '../../../src/worker/ledger/store-queue.ts'
import { quietPorts } from '../../stack/quiet-ports.ts'

const NEVER = new AbortController().signal

interface Piece {
  requestId: string
  albumId: string
}

test('a store that waits as the probe makes way for the acquisition that it waits for', async () => {
  const dependencies = createDependencies(() => undefined, NEVER)
  const quiet = quietPorts()
  const lease = new LaneLease({
    ...quiet,
    takeRow: (onDrawn, signal) => dependencies.database(() => quiet.takeRow(onDrawn, signal), signal),
  })
  await lease.acquire(NEVER)
  const written: string[][] = []
  const hung = Promise.withResolvers<void>()
  const queue = new StoreQueue<Piece, string>(lease, async (pieces) => {
    written.push(pieces.map(({ requestId }) => requestId))
    if (written.length === 1) await hung.promise
    return pieces.map(({ requestId }) => requestId)
  })
  const ofAlbums = whileOwner(lease, dependencies)
  const asked: string[] = []
  const store = (requestId: string) =>
    ofAlbums.database((owned) => {
      asked.push(requestId)
      return queue.add({ requestId, albumId: requestId }, owned)
    }, NEVER)

  // One group hangs in the network, somebody else finds the database away, and the next store is to find out, behind that group.
  const first = store('first')
  await expect.poll(() => written).toEqual([['first']])
  const sentAway = new AbortController()
  const away = () => Promise.reject(new EnrichmentError('DATABASE_UNAVAILABLE', 'away'))
  const other = dependencies.database(away, sentAway.signal)
  await expect.poll(() => dependencies.wentAwayAfter('DATABASE_UNAVAILABLE', 0)).toBe(true)
  sentAway.abort(new Error('sent away'))
  await expect(other).rejects.toThrow('sent away')
  const probe = store('probe')
  await expect.poll(() => asked).toEqual(['first', 'probe'])

  lease.suspend()
  const acquired = lease.acquire(NEVER)
  hung.resolve()
  await acquired
  expect(await Promise.all([first, probe])).toEqual(['first', 'probe'])
  expect(written).toEqual([['first'], ['probe']])
})

test('a store that is refused because this process has taken the lane anew is written again', async () => {
  const lease = new LaneLease(quietPorts())
  await lease.acquire(NEVER)
  let writes = 0
  const queue = new StoreQueue<Piece, string>(lease, async (pieces) => {
    writes += 1
    if (writes === 1) {
      lease.suspend()
      await lease.acquire(NEVER)
      throw new EnrichmentError('LANE_LOST', 'another process has taken the lane over')
    }
    return pieces.map(({ requestId }) => requestId)
  })
  const ofAlbums = whileOwner(
    lease,
    createDependencies(() => undefined, NEVER),
  )
  const store = () => ofAlbums.database((owned) => queue.add({ requestId: 'first', albumId: 'first' }, owned), NEVER)
  expect(await store()).toBe('first')
  expect(writes).toBe(2)
  const refused = new EnrichmentError('LANE_LOST', 'the request went on without this process')
  await expect(
    ofAlbums.database(() => Promise.reject(refused), NEVER),
    'without a doubt',
  ).rejects.toBe(refused)
})
