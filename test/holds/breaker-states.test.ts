import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EnrichmentError, type ErrorCode } from '../../src/errors.ts'
import { Breaker, type BreakerOptions } from '../../src/holds/breaker.ts'
import { Random } from '../worker/delivery-walk/random.ts'

const PROBE_MS = 1_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A breaker, and callers whose calls end when and as the test says. */
function aBreaker(changed: Partial<BreakerOptions> = {}) {
  const stopping = new AbortController()
  const changes: (ErrorCode | null)[] = []
  const calls: { by: string; isProbe: boolean; end(fault?: ErrorCode): void }[] = []
  const inside = new Map<string, AbortController>()
  const outcomes: string[] = []
  const breaker = new Breaker({
    threshold: (code) => (code === 'AMAZON_NOT_ELIGIBLE' ? 1 : 2),
    isFault: (code) => code === 'AMAZON_NOT_ELIGIBLE' || code === 'AMAZON_UNAVAILABLE',
    firstProbeMs: PROBE_MS,
    longestProbeMs: PROBE_MS,
    stopping: stopping.signal,
    onChange: (open) => changes.push(open?.code ?? null),
    ...changed,
  })
  const settled = () => vi.advanceTimersByTimeAsync(0)
  return {
    breaker,
    changes,
    calls,
    outcomes,
    inside,
    async come(by: string) {
      const leaving = new AbortController()
      inside.set(by, leaving)
      const work = (signal: AbortSignal, isProbe: boolean) => {
        const { promise, resolve, reject } = Promise.withResolvers<string>()
        const leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave)
        const call = {
          by,
          isProbe,
          end(fault?: ErrorCode) {
            if (fault === undefined) resolve('ok')
            else reject(new EnrichmentError(fault, fault))
          },
        }
        calls.push(call)
        return promise.finally(() => calls.splice(calls.indexOf(call), 1))
      }
      void breaker
        .run(work, leaving.signal)
        .catch((error) => error.code ?? error.message)
        .then((outcome) => {
          inside.delete(by)
          outcomes.push(`${by}: ${outcome}`)
        })
      await settled()
    },
    async leave(by: string) {
      inside.get(by)?.abort(new Error('left'))
      await settled()
    },
    async answer(by: string, fault?: ErrorCode) {
      calls.find((call) => call.by === by)?.end(fault)
      await settled()
    },
    async stop() {
      stopping.abort(new Error('stopping'))
      await settled()
    },
    probeIsDue: () => vi.advanceTimersByTimeAsync(PROBE_MS),
    get underWay() {
      return calls.map(({ by, isProbe }) => (isProbe ? `${by} probes` : by))
    },
  }
}

/** Open, with a caller that waits. */
async function anOpenOne() {
  const one = aBreaker()
  await one.come('a')
  await one.answer('a', 'AMAZON_NOT_ELIGIBLE')
  expect([one.changes, one.underWay]).toEqual([['AMAZON_NOT_ELIGIBLE'], []])
  return one
}

describe('it is never open with nobody inside', () => {
  test('open: its last caller leaves, so it closes, and the next call is made at once', async () => {
    const { come, leave, answer, probeIsDue, ...one } = await anOpenOne()
    await come('b')
    await leave('a')
    expect(one.changes, 'another one can probe').toEqual(['AMAZON_NOT_ELIGIBLE'])
    await leave('b')
    expect(one.changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
    await come('c')
    expect(one.calls).toMatchObject([{ by: 'c', isProbe: false }])
    await answer('c', 'AMAZON_NOT_ELIGIBLE')
    await probeIsDue()
    await answer('c')
    expect(one.changes).toEqual(['AMAZON_NOT_ELIGIBLE', null, 'AMAZON_NOT_ELIGIBLE', null])
    expect(one.outcomes).toEqual(['a: left', 'b: left', 'c: ok'])
  })

  test('half open: the probe is cut short, and nobody else is there', async () => {
    const one = await anOpenOne()
    await one.probeIsDue()
    expect(one.underWay).toEqual(['a probes'])
    await one.leave('a')
    expect([one.outcomes, one.changes]).toEqual([['a: left'], ['AMAZON_NOT_ELIGIBLE', null]])
    await one.come('b')
    expect(one.underWay).toEqual(['b'])
  })

  test('half open: the probe is cut short, and the next caller probes at once', async () => {
    const one = await anOpenOne()
    await one.come('b')
    await one.probeIsDue()
    await one.leave('a')
    expect([one.underWay, one.changes]).toEqual([['b probes'], ['AMAZON_NOT_ELIGIBLE']])
    await one.answer('b')
    expect(one.changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test.each([
    ['is answered', undefined, 'early: ok'],
    ['fails for a reason of its own', 'RECORD_INVALID', 'early: RECORD_INVALID'],
  ] as const)('open: a call that began before %s, and was the last one inside', async (_how, fault, outcome) => {
    const one = aBreaker()
    await one.come('early')
    await one.come('a')
    await one.answer('a', 'AMAZON_NOT_ELIGIBLE')
    await one.leave('a')
    expect(one.changes, 'it may be the one that probes').toEqual(['AMAZON_NOT_ELIGIBLE'])
    await one.answer('early', fault)
    expect([one.outcomes, one.changes]).toEqual([
      ['a: left', outcome],
      ['AMAZON_NOT_ELIGIBLE', null],
    ])
  })

  test('open: a call that began before meets a fault, and probes at once where a person said so meanwhile', async () => {
    const one = aBreaker()
    await one.come('early')
    await one.come('a')
    await one.answer('a', 'AMAZON_NOT_ELIGIBLE')
    await one.leave('a')
    one.breaker.probeNow()
    await one.answer('early', 'AMAZON_UNAVAILABLE')
    expect(one.underWay).toEqual(['early probes'])
    await one.answer('early')
    expect(one.changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('but in a process that stops, where nothing is begun any more', async () => {
    const one = await anOpenOne()
    await one.come('b')
    await one.stop()
    expect([one.outcomes, one.changes]).toEqual([['a: stopping', 'b: stopping'], ['AMAZON_NOT_ELIGIBLE']])
  })
})

test.each([
  ['AMAZON_DAY_SPENT', 'AMAZON_NOT_ELIGIBLE', true],
  ['AMAZON_DAY_SPENT', 'AMAZON_UNAVAILABLE', true],
  ['MODEL_ONLY_THROTTLES', 'MODEL_BAD_CREDENTIALS', true],
  ['AMAZON_BAD_CREDENTIALS', 'AMAZON_INVALID_PARTNER_TAG', true],
  ['MODEL_UNAVAILABLE', 'MODEL_QUOTA_SPENT', true],
  ['AMAZON_NOT_ELIGIBLE', 'AMAZON_UNAVAILABLE', false],
  ['AMAZON_UNAVAILABLE', 'AMAZON_UNAVAILABLE', false],
] as const)('opened by %s, a probe that fails with %s is another cause: %s', async (first, then, isAnother) => {
  const one = aBreaker({ threshold: () => 1, isFault: () => true })
  await one.come('a')
  await one.answer('a', first)
  const since = one.breaker.openedBy?.since
  await one.probeIsDue()
  await one.answer('a', then)
  const code = isAnother ? then : first
  expect(one.breaker.openedBy).toEqual({ code, message: code, since })
  expect(one.changes).toEqual(isAnother ? [first, then] : [first])
  await one.probeIsDue()
  await one.answer('a')
  expect(one.changes.at(-1)).toBe(null)
})

test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  'whatever comes, leaves, fails and is resumed, somebody always finds out when it is back (walk %i)',
  async (seed) => {
    const random = new Random(seed)
    const one = aBreaker()
    const { breaker } = one
    const aCall = () => (one.calls.length > 0 ? random.pick(one.calls).by : '')
    let came = 0
    const steps = [
      () => one.come(`caller ${++came}`),
      () => one.leave(random.pick([...one.inside.keys(), 'nobody'])),
      () => one.answer(aCall(), 'AMAZON_NOT_ELIGIBLE'),
      () => one.answer(aCall(), 'AMAZON_UNAVAILABLE'),
      () => one.answer(aCall(), 'RECORD_INVALID'),
      () => one.answer(aCall()),
      () => vi.advanceTimersByTimeAsync(random.int(PROBE_MS)),
      async () => breaker.probeNow(),
    ]
    for (let step = 0; step < 200; step += 1) {
      await random.pick(steps)()
      const probes = one.calls.filter(({ isProbe }) => isProbe)
      expect(probes.length, 'only while it is open').toBeLessThanOrEqual(breaker.openedBy === null ? 0 : 1)
      if (breaker.openedBy !== null) expect(one.inside.size).toBeGreaterThan(0)
      expect(one.changes.at(-1) ?? null).toBe(breaker.openedBy?.code ?? null)
    }
    for (let rounds = 0; rounds < 3; rounds += 1) {
      for (const { by } of [...one.calls]) await one.answer(by)
      await one.probeIsDue()
    }
    for (const { by } of [...one.calls]) await one.answer(by)
    expect([breaker.openedBy, one.inside.size]).toEqual([null, 0])
  },
)
