import { expect, test } from 'vitest'
import { BROKER_FAULT_NAMES } from './broker-faults.ts'
import { countKills } from './chaos-report.ts'
import { Random } from './random.ts'
import { makeSchedule, onlyFaults } from './schedule.ts'
import { NAMED_POINTS } from './strike.ts'

test('a seed gives one schedule, and another seed another', () => {
  const of = (seed: number) => makeSchedule(20, new Random(seed))
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})

test('a schedule has as many kills as asked for', () => {
  for (const kills of [0, 1, 5, 10, 23, 100])
    for (const seed of [1, 2, 3]) expect(countKills(makeSchedule(kills, new Random(seed)))).toBe(kills)
})

test('fifty kills on a cluster have each fault of a broker at least five times, and one broker alone has none', () => {
  for (const seed of [1, 2, 3]) {
    const { servers } = makeSchedule(50, new Random(seed), true)
    const faults = servers.map((step) => (step.kind === 'broker' ? step.fault : ''))
    for (const name of BROKER_FAULT_NAMES)
      expect(faults.filter((fault) => fault === name).length, name).toBeGreaterThanOrEqual(5)
    expect(makeSchedule(50, new Random(seed)).servers).toEqual([])
  }
})

test('a hundred kills hit every named point often enough, in each kind of process', () => {
  const { lane, around } = makeSchedule(100, new Random(1))
  const strikes = [...lane, ...around].filter((step) => step.kind === 'strike')
  for (const point of NAMED_POINTS)
    expect(strikes.filter((step) => step.point === point).length, point).toBeGreaterThanOrEqual(10)
  expect(new Set(strikes.map(({ role }) => role))).toEqual(new Set(['intake', 'worker', 'relay']))
})

test('a schedule may be nothing but named faults of brokers and the database, and a mistyped one is told', () => {
  const faults = ['rollingRestart', 'rollingRestart', 'databaseReadOnly']
  expect(onlyFaults('rollingRestart:2,databaseReadOnly:1')).toEqual({
    lane: [],
    around: [],
    servers: faults.map((fault) => ({ kind: fault === 'databaseReadOnly' ? 'database' : 'broker', fault })),
  })
  for (const wrong of ['', 'twoAway', 'twoaway:1', 'twoAway:1,']) expect(() => onlyFaults(wrong)).toThrow(/--faults/)
})
