import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EnrichmentError, type ErrorCode } from '../../src/errors.ts'
import type { Model } from '../../src/model/model.ts'
import { withFirstAbort } from '../../src/with-first-abort.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import { LaneLease } from '../../src/worker/lease/lane-lease.ts'
import { whileOwner } from '../../src/worker/lease/while-owner.ts'
import { modelFor } from '../../src/worker/request/paid-calls.ts'
import { AlbumClock } from '../../src/worker/window/album-clock.ts'
import { sampleAlbum } from '../data/samples.ts'
import { quietPorts } from '../stack/quiet-ports.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const identity = { name: 'stand-in', promptVersion: '1' }
const ANSWER = { verdicts: [], use: { ...identity, inputTokens: 1, outputTokens: 1 } }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A lane whose albums ask nothing but a model that fails after a time as it is told, with what the lane is held for. */
async function aLane() {
  const host = { fault: null as ErrorCode | null, takesMs: 0, asked: 0, inFlight: 0 }
  const model: Model = {
    identity,
    async judge(_album, _products, signal) {
      host.asked += 1
      host.inFlight += 1
      const { fault } = host
      await new Promise<void>((resolve, reject) => {
        setTimeout(resolve, host.takesMs)
        signal.addEventListener('abort', () => reject(signal.reason))
      }).finally(() => {
        host.inFlight -= 1
      })
      if (fault !== null) throw new EnrichmentError(fault, fault)
      return ANSWER
    },
  }
  const holds: (string | null)[] = []
  const dependencies = createDependencies(
    (_name, hold) => holds.push(hold?.cause ?? null),
    new AbortController().signal,
  )
  const lease = new LaneLease(quietPorts())
  const acquire = () => lease.acquire(new AbortController().signal)
  await acquire()
  const outcomes: string[] = []
  const start = (id: string): void => {
    const clock = new AlbumClock(MINUTE)
    const paid = { lease, dependencies: whileOwner(lease, dependencies), requestId: id, clock }
    const asked = modelFor(model, paid, () => undefined)
    const judge = (signal: AbortSignal) => asked.judge(sampleAlbum(id, ['a']), [], signal)
    void withFirstAbort([lease.work, clock.signal], async (signal) => {
      // One failure below the threshold may be the album's own, and is tried again.
      await judge(signal).catch(() => judge(signal))
    }).then(
      () => outcomes.push('judged'),
      (error) => outcomes.push(error instanceof EnrichmentError ? error.code : 'given up'),
    )
  }
  return { host, holds, outcomes, start, acquire, dependencies, lease }
}

test.each([
  ['hangs', 'MODEL_UNAVAILABLE', 40_000, 20 * MINUTE],
  ['refuses the account in no time', 'MODEL_QUOTA_SPENT', 300, 10 * HOUR],
] as const)(
  'a host that %s for longer than the albums may take costs them nothing',
  async (_how, fault, takesMs, lastsMs) => {
    const { host, holds, outcomes, start, dependencies } = await aLane()
    Object.assign(host, { fault, takesMs })
    for (const id of ['1', '2', '3']) start(id)
    await vi.advanceTimersByTimeAsync(lastsMs)
    expect([holds, outcomes]).toEqual([[fault], []])
    expect(host.asked).toBeGreaterThan(9)
    Object.assign(host, { fault: null, takesMs: 300 })
    dependencies.probeNow()
    // A probe that was under way may end as it was begun.
    await vi.advanceTimersByTimeAsync(takesMs + 1_000)
    expect([holds, outcomes]).toEqual([
      [fault, null],
      ['judged', 'judged', 'judged'],
    ])
  },
)

test('a lane that is lost lets go of its hold with its last album, and whoever has it next finds out anew', async () => {
  const { host, holds, outcomes, start, acquire, lease } = await aLane()
  Object.assign(host, { fault: 'MODEL_QUOTA_SPENT', takesMs: 300 })
  for (const id of ['1', '2']) start(id)
  await vi.advanceTimersByTimeAsync(MINUTE)
  // One probes, the other waits.
  for (let looks = 0; host.inFlight === 0 && looks < 1_000; looks += 1) await vi.advanceTimersByTimeAsync(100)
  expect(host.inFlight).toBe(1)
  await lease.release()
  await vi.advanceTimersByTimeAsync(0)
  expect([holds, outcomes]).toEqual([
    ['MODEL_QUOTA_SPENT', null],
    ['given up', 'given up'],
  ])
  host.fault = null
  await acquire()
  start('1')
  await vi.advanceTimersByTimeAsync(300)
  expect([holds.length, outcomes.at(-1)]).toEqual([2, 'judged'])
})
