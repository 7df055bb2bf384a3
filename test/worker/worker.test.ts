import { expect, onTestFinished, test } from 'vitest'
import type { LaneState } from '../../src/holds/lane-state.ts'
import type { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import { createLogger } from '../../src/log.ts'
import { LaneLease } from '../../src/worker/lease/lane-lease.ts'
import { Worker } from '../../src/worker/worker.ts'
import { quietPorts } from '../stack/quiet-ports.ts'

const topic = 'album.enrichment'
const record = {
  ...{ topic, partition: 0, offset: 0n, nextOffset: 1n, timestamp: 0 },
  ...{ key: null, value: null, headers: {} },
}

test('a marker that comes behind the last record while that is committed is committed as well', async () => {
  const commits: string[] = []
  const landing = Promise.withResolvers<void>()
  const producer = {
    async commit(_records: unknown[], offsets: { topic: string; offset: bigint }[]) {
      commits.push(offsets.map(({ offset }) => String(offset)).join())
      if (commits.length === 2) await landing.promise
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
      return { records: [], report: () => undefined }
    },
    log: createLogger('fatal'),
  })
  onTestFinished(() => worker.stop())
  worker.start()
  await worker.assigned([{ topic, partition: 0 }], stopping.signal)
  const { signal } = stopping
  expect(() => worker.own({ topic, partition: 1 }), 'added since').toThrow(
    expect.objectContaining({ code: 'TOPIC_WRONG' }),
  )
  const lane = worker.own({ topic, partition: 0 })
  await lane.receive({ topic, partition: 0, deliveries: [record], nextOffset: 1n, signal })
  // The start's own, and then that of the record.
  await expect.poll(() => commits).toEqual(['0', '1'])
  await lane.receive({ topic, partition: 0, deliveries: [], nextOffset: 2n, signal })
  landing.resolve()
  await expect.poll(() => commits).toEqual(['0', '1', '2'])
})
