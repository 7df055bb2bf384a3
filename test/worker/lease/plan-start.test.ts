import { expect, test } from 'vitest'
import type { LaneTopicOffsets } from '../../../src/kafka/read-lane-offsets.ts'
import { keepsWork, type LaneMemory, planStart } from '../../../src/worker/lease/plan-start.ts'

const ours = (offset: bigint, flush = 7) => ({ offset, metadata: `ae1 flush=${flush} fence=2` })

const unknown: LaneMemory = { clusterId: null, flush: 0, offsets: {} }

const topic = (
  name: string,
  committed: LaneTopicOffsets['committed'],
  logStart = 0n,
  logEnd = 100n,
): LaneTopicOffsets => ({
  topic: name,
  logStart,
  logEnd,
  committed,
})

const memory: LaneMemory = { clusterId: 'one', flush: 7, offsets: { enrichment: 10n, express: 4n } }

const plan = (
  topics: LaneTopicOffsets[],
  { lane = memory, accepted = [], clusterId = 'one' }: Partial<Given> = {},
): ReturnType<typeof planStart> => planStart({ clusterId, topics }, lane, new Set(accepted))

interface Given {
  lane: LaneMemory
  accepted: ('other_cluster' | 'offset_below_log' | 'offset_beyond_log' | 'offset_missing' | 'database_behind')[]
  clusterId: string
}

const start = (name: string, from: bigint, isMoved = false) => ({ topic: name, from, isMoved })

test('a lane starts for the first time at the beginning of its topics', () => {
  expect(plan([topic('enrichment', null, 3n), topic('express', null)], { lane: unknown })).toEqual({
    kind: 'run',
    topics: [start('enrichment', 3n), start('express', 0n)],
    flush: 0,
    mustCommit: true,
    formerCluster: null,
  })
})

test('a lane goes on where it committed, and need not commit for that', () => {
  expect(plan([topic('enrichment', ours(12n)), topic('express', ours(4n))])).toEqual({
    kind: 'run',
    topics: [start('enrichment', 12n), start('express', 4n)],
    flush: 7,
    mustCommit: false,
    formerCluster: null,
  })
})

test.each([
  ['without metadata', { offset: 5n, metadata: '' }],
  ['with null for metadata', { offset: 5n, metadata: null }],
  ['with metadata of another tool', { offset: 5n, metadata: 'reset by jane' }],
  ['at the same place without metadata', { offset: 10n, metadata: '' }],
  ['with the metadata of an earlier commit', ours(12n, 6)],
  ['below what PostgreSQL knows to be committed', ours(9n)],
])('an offset %s was moved', (_, committed) => {
  expect(plan([topic('enrichment', committed), topic('express', ours(4n))])).toMatchObject({
    kind: 'run',
    topics: [start('enrichment', committed.offset, true), start('express', 4n)],
    mustCommit: true,
  })
})

test('a topic that is new in the lane starts at its beginning, without hold', () => {
  const lane = { ...memory, offsets: { enrichment: 10n } }
  expect(plan([topic('enrichment', ours(10n)), topic('express', null, 2n)], { lane })).toMatchObject({
    topics: [start('enrichment', 10n), start('express', 2n)],
    mustCommit: true,
  })
})

test('the flush number goes on from the higher of the two', () => {
  const lane = { ...memory, flush: 9 }
  expect(plan([topic('enrichment', ours(10n)), topic('express', ours(4n))], { lane })).toMatchObject({ flush: 9 })
})

test.each([
  ['other_cluster', [topic('enrichment', ours(10n)), topic('express', ours(4n))], { clusterId: 'two' }],
  ['offset_below_log', [topic('enrichment', ours(10n), 11n), topic('express', ours(4n))], {}],
  ['offset_beyond_log', [topic('enrichment', ours(10n), 0n, 9n), topic('express', ours(4n))], {}],
  ['offset_missing', [topic('enrichment', null), topic('express', ours(4n))], {}],
  ['database_behind', [topic('enrichment', ours(10n, 8)), topic('express', ours(4n, 8))], {}],
  ['database_behind', [topic('enrichment', ours(10n, 8)), topic('express', { offset: 4n, metadata: '' })], {}],
  ['database_behind', [topic('enrichment', ours(10n)), topic('express', ours(4n))], { lane: unknown }],
] as const)('%s holds the lane until it is accepted: %#', (kind, topics, given) => {
  expect(plan([...topics], given)).toMatchObject({ kind: 'hold', causes: [{ kind }] })
  expect(plan([...topics], { ...given, accepted: [kind] })).toMatchObject({ kind: 'run' })
})

test('accepting one cause does not accept another', () => {
  const topics = [topic('enrichment', null), topic('express', ours(4n), 5n)]
  expect(plan(topics, { accepted: ['offset_missing'] })).toEqual({
    kind: 'hold',
    causes: [{ kind: 'offset_below_log', topic: 'express', committed: 4n, logStart: 5n }],
  })
})

test('accepted, a lost offset goes on where PostgreSQL knows it, and nothing is run again', () => {
  const topics = [topic('enrichment', null), topic('express', ours(4n))]
  expect(plan(topics, { accepted: ['offset_missing'] })).toMatchObject({
    topics: [start('enrichment', 10n), start('express', 4n)],
    mustCommit: true,
  })
})

test.each([
  ['was cut from below', 20n, 100n, 20n],
  ['was made anew', 0n, 5n, 0n],
])('accepted, a log that %s is read from its beginning', (_, logStart, logEnd, from) => {
  const topics = [topic('enrichment', ours(10n), logStart, logEnd), topic('express', ours(4n))]
  const accepted = ['offset_below_log', 'offset_beyond_log'] as const
  expect(plan(topics, { accepted: [...accepted] })).toMatchObject({
    topics: [start('enrichment', from), start('express', 4n)],
    mustCommit: true,
  })
})

test('accepted, another cluster tells the ledger where the former one stood', () => {
  const topics = [topic('enrichment', null), topic('express', { offset: 2n, metadata: '' })]
  expect(plan(topics, { clusterId: 'two', accepted: ['other_cluster'] })).toMatchObject({
    topics: [start('enrichment', 0n), start('express', 2n, true)],
    formerCluster: memory.offsets,
    mustCommit: true,
  })
})

test('work in hand goes on only if nobody moved an offset and nobody else had the lane', () => {
  const position = { topics: [start('enrichment', 10n)], formerCluster: null }
  expect(keepsWork(position, 5, 5)).toBe(true)
  expect(keepsWork(position, 6, 5)).toBe(false)
  expect(keepsWork({ ...position, topics: [start('enrichment', 10n, true)] }, 5, 5)).toBe(false)
  expect(keepsWork({ ...position, formerCluster: {} }, 5, 5)).toBe(false)
})
