import { expect, test } from 'vitest'
import { OUR_RULES } from './rules.ts'
import { findFailure, LOSING, MOVING, ORDINARY, SKIPPING } from './walk.ts'
import { WEAK_RULES, WEAK_WHEN_LOSING } from './weak-rules.ts'

/** In each kind of walk. */
const WALKS = 6_000
/** A rule that is not caught in so many is not caught. */
const CATCHING_WALKS = 40_000

const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed)

test.each([
  ['crashes, pauses, rebalances and retries', ORDINARY],
  ['offsets that somebody moves back', MOVING],
  ['offsets that somebody moves forward, or puts back with their metadata', SKIPPING],
  ['offsets that Kafka loses, a database that is put back, and moves to other clusters', LOSING],
])('nothing is lost, doubled, paid twice or not replayed through %s', async (_, actions) => {
  expect(await findFailure(OUR_RULES, actions, seeds(WALKS))).toBeNull()
})

test.each(Object.entries(WEAK_RULES))('walks would tell if %s', async (_, weak) => {
  expect(await findFailure({ ...OUR_RULES, ...weak }, MOVING, seeds(CATCHING_WALKS))).not.toBeNull()
})

test.each(Object.entries(WEAK_WHEN_LOSING))('walks with losses would tell if %s', async (_, weak) => {
  expect(await findFailure({ ...OUR_RULES, ...weak }, LOSING, seeds(WALKS))).not.toBeNull()
})
