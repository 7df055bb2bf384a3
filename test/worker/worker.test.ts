import { expect, onTestFinished, test } from 'vitest'
import { forgetAlbums } from '../../src/db/forget.ts'
import type { LaneState } from '../../src/holds/lane-state.ts'
import type { Delivery } from '../../src/kafka/delivery.ts'
import type { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import { createLogger } from '../../src/log.ts'
import { LateTombstones } from '../../src/worker/late-tombstones.ts'
import { LaneLease } from '../../src/worker/lease/lane-lease.ts'
import { Worker } from '../../src/worker/worker.ts'
import { aRequest, at, enrichment, finish, open, openLedger } from '../stack/a-ledger.ts'
import { quietPorts } from '../stack/quiet-ports.ts'

const topic = 'album.enrichment'
const record = {
  ...{ topic, partition: 0, offset: 0n, nextOffset: 1n, timestamp: 0 },
  ...{ key: null, value: null, headers: {} },
}

/** A worker that has the lane, in which albums and commits may be held up. @param tombstones of what it publishes */
async function openWorker(tombstones?: LateTombstones) {
  const commits: string[] = []
  const world = { worked: Promise.resolve(), landed: Promise.resolve() }
  const producer = {
    async commit(_records: unknown[], offsets: { topic: string; offset: bigint }[]) {
      commits.push(offsets.map(({ offset }) => String(offset)).join())
      await world.landed
    },
    close: () => Promise.resolve(),
  }
  const lease = new LaneLease({ ...quietPorts(), openProducer: async () => producer })
  const stopping = new AbortController()
  const worker = new Worker({
    consumer: { start: () => undefined, stop: () => Promise.resolve() } as unknown as GroupConsumer,
    lease,
    requestTopics: [topic],
    state: {
      start: () => undefined,
      pass: () => Promise.resolve(),
      closed: () => Promise.resolve(),
    } as unknown as LaneState,
    ...{ maxAlbumsInFlight: 1, maxAlbumsAhead: 1, shutdownTimeoutMs: 1_000, stopping },
    clearInFlight: () => Promise.resolve(),
    async process(_delivery, { onBegun }) {
      onBegun()
      await world.worked
      const records = [{ topic: 'album.enriched', key: '1', value: Buffer.from('result') }]
      const publication = { records, report: () => undefined }
      return tombstones?.watch(publication) ?? publication
    },
    afterLastFlush: async () => tombstones?.close(),
    log: createLogger('fatal'),
  })
  onTestFinished(() => worker.stop())
  worker.start()
  await worker.assigned([{ topic, partition: 0 }], stopping.signal)
  const receive = (deliveries: Delivery[], nextOffset: bigint) =>
    worker
      .own({ topic, partition: 0 })
      .receive({ topic, partition: 0, deliveries, nextOffset, signal: stopping.signal })
  // The start's own.
  await expect.poll(() => commits).toEqual(['0'])
  return { worker, stopping, commits, world, receive }
}

test('a marker that comes behind the last record while that is committed is committed as well', async () => {
  const { worker, commits, world, receive } = await openWorker()
  expect(() => worker.own({ topic, partition: 1 }), 'added since').toThrow(
    expect.objectContaining({ code: 'TOPIC_WRONG' }),
  )
  const landing = Promise.withResolvers<void>()
  world.landed = landing.promise
  await receive([record], 1n)
  await expect.poll(() => commits).toEqual(['0', '1'])
  await receive([], 2n)
  landing.resolve()
  await expect.poll(() => commits).toEqual(['0', '1', '2'])
})

test.each(['is worked on', 'is committed'])(
  'a marker that comes with a record that %s is committed as well',
  async (how) => {
    const { commits, world, receive } = await openWorker()
    const working = Promise.withResolvers<void>()
    if (how === 'is worked on') world.worked = working.promise
    await receive([record], 1n)
    if (how === 'is committed') await expect.poll(() => commits).toEqual(['0', '1'])
    // As after a join, which delivers all that is not committed once more.
    await receive([{ ...record, nextOffset: 2n }], 2n)
    working.resolve()
    await expect.poll(() => commits.at(-1), { timeout: 10_000 }).toBe('2')
  },
)

test('an album that is forgotten while the last commit of a process that stops lands gets a tombstone behind its result', async () => {
  const { db, ledger } = await openLedger()
  await finish(ledger, await open(ledger, aRequest(), at(1n)), enrichment())
  const tombstones = new LateTombstones('album.enriched', { db, log: createLogger('fatal') })
  const { worker, stopping, commits, world, receive } = await openWorker(tombstones)
  const keeping = tombstones.keep(stopping.signal)
  const landing = Promise.withResolvers<void>()
  world.landed = landing.promise
  await receive([record], 1n)
  await expect.poll(() => commits).toEqual(['0', '1'])
  const stopped = worker.stop()
  await keeping
  await forgetAlbums(db, [{ albumId: '1' }])
  landing.resolve()
  await stopped
  const left = await db.query((em) => em.execute('select topic, album_id from outbox'))
  expect(left).toEqual([{ topic: 'album.enriched', album_id: '1' }])
})
