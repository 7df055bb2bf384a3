import { expect, test } from 'vitest'
import { judgeDelivery, type LedgerRow, mustRunAgain, toRetryCopy } from '../../../src/worker/ledger/delivery-rule.ts'

const from = (topic: string, offset: bigint, run = 1, attempt = 0) => ({ topic, offset, run, attempt })

const row = (changes: Partial<LedgerRow<string>> = {}): LedgerRow<string> => ({
  run: 1,
  attempt: 0,
  source: { topic: 'enrichment', offset: 10n },
  reached: { enrichment: 10n },
  again: false,
  decision: null,
  ...changes,
})

const lane = (enrichment: [bigint, boolean], express: [bigint, boolean]) => ({
  topics: [
    { topic: 'enrichment', from: enrichment[0], isMoved: enrichment[1] },
    { topic: 'express', from: express[0], isMoved: express[1] },
  ],
  formerCluster: null,
})

test('a request that the ledger does not know gets a row', () => {
  expect(judgeDelivery(null, from('enrichment', 10n))).toEqual({ kind: 'work', row: row(), dropsAnswers: false })
})

test('a retry copy whose row was lost goes on counting where its headers say', () => {
  expect(judgeDelivery(null, from('express', 3n, 2, 1))).toMatchObject({ row: { run: 2, attempt: 1 } })
})

test('the same delivery again goes on with what is stored', () => {
  expect(judgeDelivery(row(), from('enrichment', 10n))).toEqual({ kind: 'work', row: row(), dropsAnswers: false })
})

test('the same delivery again publishes what was decided', () => {
  const decided = row({ decision: 'result' })
  expect(judgeDelivery(decided, from('enrichment', 10n))).toEqual({ kind: 'publish', row: decided, decision: 'result' })
})

test('a retry that comes back is taken with the answers of its run', () => {
  const decided = row({ decision: 'retry' })
  expect(judgeDelivery(decided, from('express', 3n, 1, 1))).toEqual({
    kind: 'work',
    dropsAnswers: false,
    row: row({ attempt: 1, source: { topic: 'express', offset: 3n }, reached: { enrichment: 10n, express: 3n } }),
  })
})

test('a second copy of the same retry is stale', () => {
  const taken = row({ attempt: 1, source: { topic: 'express', offset: 3n } })
  expect(judgeDelivery(taken, from('express', 8n, 1, 1))).toEqual({ kind: 'stale' })
})

test('the first delivery is stale while its retry is in work', () => {
  const taken = row({ attempt: 1, source: { topic: 'express', offset: 3n } })
  expect(judgeDelivery(taken, from('enrichment', 10n))).toEqual({ kind: 'stale' })
})

test('a row that must run again begins a new run with whichever copy comes first', () => {
  const again = row({ again: true, decision: 'result', attempt: 2 })
  expect(judgeDelivery(again, from('express', 3n, 1, 1))).toEqual({
    kind: 'work',
    dropsAnswers: true,
    row: row({ run: 2, source: { topic: 'express', offset: 3n }, reached: { enrichment: 10n, express: 3n } }),
  })
})

test('a retry of an earlier run is stale', () => {
  expect(judgeDelivery(row({ run: 2 }), from('express', 3n, 1, 5))).toEqual({ kind: 'stale' })
})

test('a retry of a later run than a restored row drops that row of its answers', () => {
  expect(judgeDelivery(row(), from('express', 3n, 2, 1))).toMatchObject({ dropsAnswers: true, row: { run: 2 } })
})

test('the copy that a retry publishes is taken when it comes back, and only once', () => {
  const decided = row({ run: 2, attempt: 1, decision: 'retry' })
  const verdict = judgeDelivery(decided, { topic: 'express', offset: 7n, ...toRetryCopy(decided) })
  expect(verdict).toMatchObject({ kind: 'work', row: { run: 2, attempt: 2 } })
  if (verdict.kind === 'work') expect(judgeDelivery(verdict.row, from('express', 9n, 2, 2)).kind).toBe('stale')
})

test.each([
  ['decided, at the offset that somebody moved', row({ decision: 'x' }), lane([10n, true], [0n, false]), true],
  ['decided, below it', row({ decision: 'x' }), lane([11n, true], [0n, false]), false],
  ['decided, and only another topic was moved', row({ decision: 'x' }), lane([0n, false], [0n, true]), false],
  ['in work, its own delivery still to come', row(), lane([0n, true], [0n, true]), false],
  [
    'in work, but its delivery was skipped',
    row({ source: { topic: 'express', offset: 3n }, reached: { enrichment: 10n, express: 3n } }),
    lane([0n, true], [4n, true]),
    true,
  ],
  [
    'decided, with an earlier run in the topic that was moved',
    row({ run: 2, decision: 'x', reached: { enrichment: 10n, express: 3n } }),
    lane([11n, false], [2n, true]),
    true,
  ],
])('a row that is %s runs again: %#', (_, it, position, expected) => {
  expect(mustRunAgain(it, position)).toBe(expected)
})

test('in another cluster all runs again that is not known to be published', () => {
  const topics = lane([0n, true], [0n, true]).topics
  const formerCluster = { enrichment: 10n }
  expect(mustRunAgain(row(), { topics, formerCluster })).toBe(true)
  expect(mustRunAgain(row({ decision: 'x' }), { topics, formerCluster })).toBe(true)
  expect(mustRunAgain(row({ decision: 'x' }), { topics, formerCluster: { enrichment: 11n } })).toBe(false)
})

test('in another cluster rows of topics that it had under either name run again, and never those of another lane', () => {
  const { topics } = lane([0n, true], [0n, true])
  const formerCluster = { 'former name': 10n }
  const inWork = (topic: string) => row({ source: { topic, offset: 12n }, reached: { [topic]: 12n } })
  const again = (topic: string) => mustRunAgain(inWork(topic), { topics, formerCluster })
  expect(['enrichment', 'express', 'former name', 'of another lane'].map(again)).toEqual([true, true, true, false])
  const ended = { ...inWork('of another lane'), decision: 'result' }
  expect(mustRunAgain(ended, { topics, formerCluster })).toBe(false)
})
