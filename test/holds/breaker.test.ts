import { describe, expect, test, vi } from 'vitest'
import { EnrichmentError, type ErrorCode } from '../../src/errors.ts'
import { Breaker, type BreakerOptions } from '../../src/holds/breaker.ts'

const AWAY: ErrorCode[] = ['AMAZON_UNAVAILABLE', 'AMAZON_NOT_ELIGIBLE']
const NEVER = new AbortController().signal

/** A dependency that answers with "ok", or fails with whatever it is told to. */
function aDependency() {
  const dependency = {
    fault: null as ErrorCode | null,
    calls: 0,
    inFlight: 0,
    mostInFlight: 0,
    /** A call takes until this resolves. */
    held: Promise.resolve(),
    async call() {
      dependency.calls += 1
      dependency.inFlight += 1
      dependency.mostInFlight = Math.max(dependency.mostInFlight, dependency.inFlight)
      await dependency.held
      dependency.inFlight -= 1
      if (dependency.fault !== null) throw new EnrichmentError(dependency.fault, `fails with ${dependency.fault}`)
      return 'ok'
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      dependency.held = promise
      return resolve
    },
  }
  return dependency
}

function aBreaker(options: Partial<BreakerOptions> = {}) {
  const changes: (ErrorCode | null)[] = []
  const breaker = new Breaker({
    threshold: (code) => (code === 'AMAZON_NOT_ELIGIBLE' ? 1 : 3),
    isFault: (code) => AWAY.includes(code),
    firstProbeMs: 10,
    longestProbeMs: 40,
    stopping: NEVER,
    onChange: (open) => changes.push(open === null ? null : open.code),
    ...options,
  })
  return { breaker, changes }
}

/** Opens a breaker, whose opener then waits like everybody. */
function openWith(breaker: Breaker, dependency: ReturnType<typeof aDependency>, signal = NEVER) {
  dependency.fault = 'AMAZON_NOT_ELIGIBLE'
  return breaker.run(dependency.call, signal)
}

const until = (isSo: () => boolean) => vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 5_000, interval: 2 })
const failing = (code: ErrorCode) => () => Promise.reject(new EnrichmentError(code, code))

describe('while it is closed', () => {
  test('faults below the threshold and errors that are no fault go to their callers', async () => {
    const { breaker, changes } = aBreaker()
    const codes = ['AMAZON_UNAVAILABLE', 'AMAZON_UNAVAILABLE', 'RECORD_INVALID', 'RECORD_INVALID'] as const
    for (const code of codes) await expect(breaker.run(failing(code), NEVER)).rejects.toMatchObject({ code })
    expect([breaker.openedBy, changes]).toEqual([null, []])
  })

  test('only faults in a row open it: a success starts the count anew', async () => {
    const { breaker, changes } = aBreaker()
    const fault = () => expect(breaker.run(failing('AMAZON_UNAVAILABLE'), NEVER)).rejects.toThrow()
    for (let round = 0; round < 3; round += 1) {
      await fault()
      await fault()
      expect(await breaker.run(async () => 'ok', NEVER)).toBe('ok')
    }
    expect(changes).toEqual([])

    await fault()
    await fault()
    const dependency = aDependency()
    dependency.fault = 'AMAZON_UNAVAILABLE'
    const opener = breaker.run(dependency.call, NEVER)
    await until(() => breaker.openedBy !== null)
    dependency.fault = null
    expect(await opener).toBe('ok')
    expect(changes).toEqual(['AMAZON_UNAVAILABLE', null])
  })

  test('a fault that came of the abort counts as nothing, and the caller gets the reason', async () => {
    const { breaker, changes } = aBreaker({ threshold: () => 1 })
    const stop = new AbortController()
    const work = async () => {
      stop.abort(new Error('stopped'))
      throw new EnrichmentError('AMAZON_UNAVAILABLE', 'cut off')
    }
    await expect(breaker.run(work, stop.signal)).rejects.toThrow('stopped')
    const dependency = aDependency()
    const release = dependency.hold()
    const calls = [breaker.run(dependency.call, NEVER), breaker.run(dependency.call, NEVER)]
    await until(() => dependency.inFlight === 2)
    release()
    expect(await Promise.all(calls)).toEqual(['ok', 'ok'])
    expect(changes).toEqual([])
  })
})

describe('once it is open', () => {
  test('a fatal fault opens it at once, and says by what and since when', async () => {
    const { breaker, changes } = aBreaker()
    const dependency = aDependency()
    const before = Date.now()
    const opener = openWith(breaker, dependency)
    await until(() => breaker.openedBy !== null)
    expect(breaker.openedBy).toEqual({
      code: 'AMAZON_NOT_ELIGIBLE',
      message: 'fails with AMAZON_NOT_ELIGIBLE',
      since: expect.any(Number),
    })
    expect(breaker.openedBy?.since).toBeGreaterThanOrEqual(before)
    // Another fault during the outage is not another outage.
    dependency.fault = 'AMAZON_UNAVAILABLE'
    await until(() => dependency.calls >= 4)
    dependency.fault = null
    expect(await opener).toBe('ok')
    expect(breaker.openedBy).toBeNull()
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('twenty callers wait, one of them probes at a time, and all get their answer in the end', async () => {
    const { breaker, changes } = aBreaker()
    const dependency = aDependency()
    const opener = openWith(breaker, dependency)
    await until(() => breaker.openedBy !== null)
    const waiting = Array.from({ length: 20 }, () => breaker.run(dependency.call, NEVER))
    await until(() => dependency.calls >= 6)
    expect(dependency.mostInFlight).toBe(1)
    dependency.fault = null
    expect(await Promise.all([opener, ...waiting])).toEqual(Array.from({ length: 21 }, () => 'ok'))
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('calls that were under way when it opened wait too, whatever becomes of the probe meanwhile', async () => {
    const { breaker, changes } = aBreaker()
    const dependency = aDependency()
    const release = dependency.hold()
    dependency.fault = 'AMAZON_UNAVAILABLE'
    const early = Array.from({ length: 20 }, () => breaker.run(dependency.call, NEVER))
    const late = dependency.held
    dependency.held = Promise.resolve()
    const opener = openWith(breaker, dependency)
    await until(() => breaker.openedBy !== null)

    const endProbe = dependency.hold()
    const callsBefore = dependency.calls
    await until(() => dependency.calls > callsBefore)
    dependency.fault = 'AMAZON_UNAVAILABLE'
    release()
    await late
    await until(() => dependency.inFlight === 1)
    dependency.fault = null
    endProbe()
    await opener
    expect(breaker.openedBy, 'the probe alone decides').toBeNull()
    expect(await Promise.all([opener, ...early])).toEqual(Array.from({ length: 21 }, () => 'ok'))
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('the time between probes doubles up to the longest', async () => {
    const { breaker } = aBreaker({ firstProbeMs: 20, longestProbeMs: 80 })
    const times: number[] = []
    const work = async () => {
      times.push(performance.now())
      if (times.length < 6) throw new EnrichmentError('AMAZON_NOT_ELIGIBLE', 'no')
    }
    await breaker.run(work, NEVER)
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0))
    for (const [at, expected] of [20, 40, 80, 80, 80].entries()) {
      expect(gaps[at], `gap ${at}`).toBeGreaterThan(expected - 2)
      expect(gaps[at], `gap ${at}`).toBeLessThan(expected + 60)
    }
  })

  test('probes are frequent again after a person’s word, and in the next outage', async () => {
    const { breaker } = aBreaker({ longestProbeMs: 3_600_000 })
    const times: number[] = []
    let isAway = true
    const work = async () => {
      times.push(performance.now())
      if (isAway) throw new EnrichmentError('AMAZON_NOT_ELIGIBLE', 'no')
    }
    const lastGap = () => (times.length > 1 ? Number(times.at(-1)) - Number(times.at(-2)) : 0)
    const untilRarer = () => until(() => lastGap() > 155)

    const first = breaker.run(work, NEVER)
    await untilRarer()
    let calls = times.length
    breaker.probeNow()
    await until(() => times.length === calls + 2)
    expect(lastGap()).toBeLessThan(155)

    await untilRarer()
    isAway = false
    await first
    isAway = true
    calls = times.length
    const second = breaker.run(work, NEVER)
    await until(() => times.length === calls + 2)
    expect(lastGap()).toBeLessThan(155)
    isAway = false
    await second
  })

  test('a probe that fails for a reason of its own proves an answer: it closes, and its caller gets the error', async () => {
    const { breaker, changes } = aBreaker()
    let fault: ErrorCode = 'AMAZON_NOT_ELIGIBLE'
    const opener = breaker.run(() => failing(fault)(), NEVER)
    await until(() => breaker.openedBy !== null)
    fault = 'AMAZON_INVALID_REQUEST'
    await expect(opener).rejects.toMatchObject({ code: 'AMAZON_INVALID_REQUEST' })
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('a person need not wait for the next probe', async () => {
    const { breaker, changes } = aBreaker({ firstProbeMs: 3_600_000, longestProbeMs: 3_600_000 })
    const dependency = aDependency()
    const opener = openWith(breaker, dependency)
    await until(() => breaker.openedBy !== null)
    breaker.probeNow()
    await until(() => dependency.calls === 2 && dependency.inFlight === 0)
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE'])
    dependency.fault = null
    breaker.probeNow()
    expect(await opener).toBe('ok')
  })
})

describe('when a signal is aborted', () => {
  test('those that wait get its reason, and the others wait on', async () => {
    const { breaker } = aBreaker({ firstProbeMs: 3_600_000, longestProbeMs: 3_600_000 })
    const dependency = aDependency()
    const stop = new AbortController()
    const opener = openWith(breaker, dependency, stop.signal)
    await until(() => breaker.openedBy !== null)
    const other = breaker.run(dependency.call, NEVER)
    const reason = new EnrichmentError('LANE_LOST', 'another worker has it')
    stop.abort(reason)
    await expect(opener).rejects.toBe(reason)
    await expect(breaker.run(dependency.call, stop.signal)).rejects.toBe(reason)
    expect(dependency.calls).toBe(1)
    dependency.fault = null
    breaker.probeNow()
    expect(await other).toBe('ok')
  })

  test('an aborted probe proves nothing: it stays open, and the next caller probes in its place', async () => {
    const { breaker, changes } = aBreaker({ longestProbeMs: 3_600_000 })
    const dependency = aDependency()
    const stop = new AbortController()
    const opener = openWith(breaker, dependency, stop.signal)
    await until(() => breaker.openedBy !== null)
    const release = dependency.hold()
    await until(() => dependency.inFlight === 1)
    const next = breaker.run(dependency.call, NEVER)
    dependency.fault = 'INTERNAL'
    stop.abort(new Error('stopped'))
    const endNext = dependency.hold()
    release()
    await expect(opener).rejects.toMatchObject({ code: 'INTERNAL' })
    await until(() => dependency.inFlight === 1)
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE'])
    dependency.fault = null
    endNext()
    expect(await next).toBe('ok')
    expect(changes).toEqual(['AMAZON_NOT_ELIGIBLE', null])
  })

  test('work that was answered all the same keeps its answer', async () => {
    const { breaker } = aBreaker()
    const stop = new AbortController()
    const work = async () => {
      stop.abort()
      return 'paid for'
    }
    expect(await breaker.run(work, stop.signal)).toBe('paid for')
  })
})
