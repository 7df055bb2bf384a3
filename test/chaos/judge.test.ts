import { describe, expect, test } from 'vitest'
import { type Evidence, judge } from './judge.ts'
import type { PaidCall } from './stand-ins.ts'

/** One record, its result, and one call for it that was answered after 0.3 s. */
function aRun(changes: Partial<Evidence> = {}): Evidence {
  return {
    sources: [{ position: '0/0', albumId: 'c000000' }],
    outcomes: [{ position: '0/0', kind: 'result', at: 5_000 }],
    requests: [],
    calls: [aCall()],
    disturbances: [],
    outages: [],
    returns: [],
    early: 0,
    ...changes,
  }
}

function aCall(changes: Partial<PaidCall> = {}): PaidCall {
  return {
    server: 'model',
    question: 'judge Harbour n000000x',
    album: 0,
    process: 'worker-1',
    at: 1_000,
    answeredAt: 1_300,
    isEarly: false,
    ...changes,
  }
}

const again = (changes: Partial<PaidCall> = {}) => aCall({ at: 9_000, answeredAt: 9_300, ...changes })
const CLEAN = { lost: [], duplicated: [], paidTwice: [], askedAgain: 0, early: 0, retriesEarly: [] }

test('a run without a fault is clean', () => {
  expect(judge(aRun())).toMatchObject(CLEAN)
})

describe('records', () => {
  test('without an outcome are lost', () => {
    expect(judge(aRun({ outcomes: [] })).lost).toEqual(['0/0'])
  })

  test('with a dead letter are not lost', () => {
    expect(judge(aRun({ outcomes: [{ position: '0/0', kind: 'dead letter', at: 1 }] }))).toMatchObject(CLEAN)
  })

  test('with two outcomes are duplicated, whatever these are', () => {
    const result = { position: '0/0', kind: 'result', at: 1 } as const
    expect(judge(aRun({ outcomes: [result, result] })).duplicated).toEqual(['0/0'])
    expect(judge(aRun({ outcomes: [result, { ...result, kind: 'dead letter' }] })).duplicated).toEqual(['0/0'])
  })

  test('that nobody imported have no outcome', () => {
    const of = (position: string) => ({ position, kind: 'result' as const, at: 1 })
    expect(judge(aRun({ outcomes: [of('0/0'), of('0/1')] })).unknown).toEqual(['0/1'])
  })
})

describe('a call made again', () => {
  const calls = [aCall(), again()]
  const kill = (at: number, process = 'worker-1') => ({ kind: 'kill' as const, process, from: at, until: at })

  test('without a reason was paid twice', () => {
    expect(judge(aRun({ calls })).paidTwice).toEqual([calls[1]])
  })

  test('was paid twice when the answer had left more than a second before the kill', () => {
    expect(judge(aRun({ calls, disturbances: [kill(2_301)] })).paidTwice).toHaveLength(1)
  })

  test('had a good reason when it was in the air, or not yet stored, at the kill', () => {
    for (const at of [1_000, 1_200, 2_300]) {
      expect(judge(aRun({ calls, disturbances: [kill(at)] }))).toMatchObject({
        ...CLEAN,
        askedAgain: 1,
        mayBeAskedAgain: 1,
      })
    }
  })

  test('was paid twice when the kill was of another process', () => {
    expect(judge(aRun({ calls, disturbances: [kill(1_200, 'worker-2')] })).paidTwice).toHaveLength(1)
  })

  test('was not paid twice when the first got no good answer', () => {
    expect(judge(aRun({ calls: [aCall({ answeredAt: null }), again()] }))).toMatchObject(CLEAN)
  })

  test('had a good reason when the answer met an unreachable database', () => {
    const outages = [{ process: 'worker-1', from: 1_400, until: 3_000 }]
    expect(judge(aRun({ calls, outages }))).toMatchObject({ ...CLEAN, askedAgain: 1 })
    const earlier = [{ process: 'worker-1', from: 1_100, until: 1_200 }]
    expect(judge(aRun({ calls, outages: earlier })).paidTwice).toHaveLength(1)
  })

  test('by a former owner that was stopped had a good reason: it could not know', () => {
    const stop = { kind: 'stop' as const, process: 'worker-2', from: 500, until: 9_500 }
    const byOther = [aCall(), again({ process: 'worker-2' })]
    expect(judge(aRun({ calls: byOther, disturbances: [stop] }))).toMatchObject({ ...CLEAN, askedAgain: 1 })
    expect(judge(aRun({ calls: byOther, disturbances: [{ ...stop, until: 8_999 }] })).paidTwice).toHaveLength(1)
  })

  test('a third time needs a reason of its own', () => {
    const third = again({ at: 20_000 })
    expect(judge(aRun({ calls: [...calls, third], disturbances: [kill(1_200)] })).paidTwice).toEqual([third])
  })
})

test('a copy that came back before its time is early, and so is a request that Amazon refused as early', () => {
  const returns = [
    { place: 'express 0', at: 999, notBefore: 1_000 },
    { place: 'express 1', at: 1_000, notBefore: 1_000 },
  ]
  expect(judge(aRun({ returns, early: 2 }))).toMatchObject({ retriesEarly: ['express 0'], early: 2 })
})
