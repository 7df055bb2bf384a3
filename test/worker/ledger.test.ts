import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { OwnedLane } from '../../src/db/lane.ts'
import type { EnrichmentRequested } from '../../src/events.ts'
import { type Job, Ledger, type StoredDecision } from '../../src/worker/ledger.ts'
import { createTestEnv } from '../stack/test-env.ts'

const NEVER = new AbortController().signal
const NOW = Date.parse('2026-01-10T12:00:00Z')
const DAY = 86_400_000

async function openLedger(processId = 'this process') {
  const url = (await createTestEnv()).DATABASE_URL
  const db = new Database(url)
  onTestFinished(() => db.close())
  await db.migrate()
  const lane = new OwnedLane(db, 'lane')
  await lane.takeOver()
  return { db, lane, ledger: new Ledger(db, lane, 'www.amazon.ca', processId) }
}

function aRequest(facts: Partial<EnrichmentRequested['album']> = {}, offset = 0): EnrichmentRequested {
  const album = {
    albumId: '1',
    title: 'Nevermind',
    artists: [{ name: 'Nirvana', musicbrainzArtistId: null }],
    releaseYear: null,
    barcodes: [],
    asins: {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: NOW,
    source: 'test',
    ...facts,
  }
  return {
    requestId: randomUUID(),
    reason: 'imported',
    stages: ['search', 'match', 'links', 'artwork'],
    album,
    requestedAt: NOW,
    source: { topic: 'imported', partition: 0, offset },
  }
}

const at = (offset: bigint, changes: object = {}) => ({
  topic: 'requests',
  offset,
  run: 1,
  attempt: 0,
  notBefore: null,
  ...changes,
})

async function open(ledger: Ledger, request: EnrichmentRequested, delivered: ReturnType<typeof at>): Promise<Job> {
  const opening = await ledger.open(request, delivered, NOW, NEVER)
  if (opening.kind !== 'work') throw new Error(`expected work, got ${opening.kind}`)
  return opening.job
}

const decision = (kind: StoredDecision['kind']): StoredDecision => ({
  kind,
  topic: 'somewhere',
  headers: { 'enricher-run': '1' },
  bytes: kind === 'result' ? Buffer.from('result') : null,
  failures: [],
})

test('a delivery goes on with its answers, publishes what was decided, and its copies are stale', async () => {
  const { ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(5n))
  await ledger.saveAnswer(job, 'search.fields', ['product'], NEVER)
  const again = await open(ledger, request, at(5n))
  expect(again.answers).toEqual({ 'search.fields': ['product'] })
  await ledger.decide(again, decision('result'), 'matched', NOW, NEVER)
  expect(await ledger.open(request, at(5n), NOW, NEVER)).toMatchObject({
    kind: 'publish',
    decision: { ...decision('result') },
  })
  expect(await ledger.open(request, at(9n), NOW, NEVER)).toEqual({ kind: 'stale' })
  await expect(ledger.saveAnswer(again, 'match', {}, NEVER)).rejects.toMatchObject({ code: 'LANE_LOST' })
})

test('a retry copy goes on counting, with the answers, and its wait in the lane counts as nothing', async () => {
  const { ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(5n))
  await ledger.saveAnswer(job, 'search.fields', [], NEVER)
  await ledger.decide(job, decision('retry'), null, NOW, NEVER)
  const copy = at(2n, { topic: 'express', attempt: 1, notBefore: NOW - 7_000 })
  const retried = await open(ledger, request, copy)
  expect(retried).toMatchObject({ claim: { run: 1, attempt: 1 }, answers: { 'search.fields': [] }, waitedMs: 7_000 })
  expect((await open(ledger, request, copy)).waitedMs, 'delivered again').toBe(7_000)
})

test('older facts never replace newer ones, and other facts are asked for anew', async () => {
  const { ledger } = await openLedger()
  const old = aRequest({ title: 'Old' }, 1)
  const job = await open(ledger, old, at(1n))
  await ledger.saveAnswer(job, 'search.fields', ['of the old title'], NEVER)
  await open(ledger, aRequest({ title: 'Same time, later record' }, 2), at(2n))
  const late = await open(ledger, old, at(1n))
  expect([late.album.title, late.answers]).toEqual(['Same time, later record', {}])
  await open(ledger, aRequest({ title: 'Newest', importedAt: NOW + 1 }, 0), at(3n))
  expect((await open(ledger, aRequest({ title: 'Older', importedAt: NOW - 1 }, 9), at(4n))).album.title).toBe('Newest')
})

test('a process that died is remembered, one that outlived its work is not', async () => {
  const { db, lane, ledger } = await openLedger()
  const request = aRequest()
  await ledger.begin(await open(ledger, request, at(1n)), NEVER)
  const next = new Ledger(db, lane, 'www.amazon.ca', 'next process')
  const job = await open(next, request, at(1n))
  expect(job.deaths).toBe(1)
  await next.begin(job, NEVER)
  await next.outlive()
  expect((await open(ledger, request, at(1n))).deaths, 'of itself').toBe(0)
  await ledger.outlive()
  expect((await open(next, request, at(1n))).deaths).toBe(0)
})

test('only rows that have ended long ago and are committed are pruned', async () => {
  const { ledger } = await openLedger()
  const end = async (offset: bigint, kind: StoredDecision['kind'], daysAgo: number) => {
    const request = aRequest()
    await ledger.decide(await open(ledger, request, at(offset)), decision(kind), null, NOW - daysAgo * DAY, NEVER)
    return request
  }
  const kept = [await end(1n, 'retry', 40), await end(2n, 'result', 10), await end(8n, 'result', 40)]
  const open1 = aRequest()
  await open(ledger, open1, at(3n))
  await end(4n, 'result', 40)
  await end(5n, 'dead_letter', 40)
  // Its first run went to a tier whose delay is a week, and somebody moved the offsets back meanwhile.
  const retried = await open(ledger, aRequest(), at(6n, { run: 2 }))
  await ledger.decide(retried, decision('result'), 'matched', NOW - 32 * DAY, NEVER)
  const before = { ended: new Date(NOW - 30 * DAY), retried: new Date(NOW - 37 * DAY) }
  expect(await ledger.prune(before, new Map([['requests', 8n]]), NEVER)).toBe(2)
  const later = { ended: new Date(NOW - 25 * DAY), retried: new Date(NOW - 32 * DAY + 1) }
  expect(await ledger.prune(later, new Map([['requests', 8n]]), NEVER)).toBe(1)
  for (const request of kept) expect((await ledger.open(request, at(99n), NOW, NEVER)).kind).toBe('stale')
})

test('nothing is saved any more once somebody else has the lane', async () => {
  const { db, ledger } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  await new OwnedLane(db, 'lane').takeOver()
  await expect(ledger.saveAnswer(job, 'match', {}, NEVER)).rejects.toMatchObject({ code: 'LANE_LOST' })
  await expect(ledger.decide(job, decision('result'), null, NOW, NEVER)).rejects.toMatchObject({ code: 'LANE_LOST' })
})
