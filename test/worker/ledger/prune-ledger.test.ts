import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createLogger } from '../../../src/log.ts'
import { LaneLease } from '../../../src/worker/lease/lane-lease.ts'
import { keepPruned, type LedgerPruning } from '../../../src/worker/ledger/prune-ledger.ts'
import { aRequest, at, DAY, decision, end, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../../stack/hold-rows.ts'
import { quietPorts } from '../../stack/quiet-ports.ts'

const EVERY_MS = 10

function start(prune: (before: Date, committed: ReadonlyMap<string, bigint>) => Promise<number>, everyMs = EVERY_MS) {
  const lease = new LaneLease(quietPorts())
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const ended = keepPruned(
    { prune, pruneModelCalls: async () => undefined } as unknown as LedgerPruning,
    lease,
    30,
    createLogger('fatal'),
    stop.signal,
    everyMs,
  )
  return { lease, stop, ended }
}

test('the ledger is pruned only while the lane is ours, up to where it is committed', async () => {
  const calls: [before: Date, committed: ReadonlyMap<string, bigint>][] = []
  const { lease, stop, ended } = start(async (...call) => calls.push(call))
  await delay(10 * EVERY_MS)
  expect(calls).toEqual([])
  await lease.acquire(NEVER)
  await expect.poll(() => calls.length).toBeGreaterThan(1)
  const [first] = calls
  expect(first?.[1]).toBe(lease.committed)
  const daysAgo = (Date.now() - (first?.[0].getTime() ?? 0)) / DAY
  expect(daysAgo).toBeCloseTo(30, 2)
  stop.abort()
  await ended
})

test('a process that does not live for an hour prunes as well, once it has the lane', async () => {
  let calls = 0
  const { lease, stop, ended } = start(async () => {
    calls += 1
    return 0
  }, 3_600_000)
  await lease.acquire(NEVER)
  await expect.poll(() => calls, { timeout: 5_000 }).toBe(1)
  stop.abort()
  await ended
})

test('a ledger that could not be pruned is pruned an hour later', async () => {
  let calls = 0
  const { lease, stop, ended } = start(async () => {
    calls += 1
    if (calls === 1) throw new Error('the database is away')
    return 0
  })
  await lease.acquire(NEVER)
  await expect.poll(() => calls).toBeGreaterThan(1)
  stop.abort()
  await ended
  const before = calls
  await delay(5 * EVERY_MS)
  expect(calls, 'once stopped').toBe(before)
})

test('a request that is being reopened is not pruned', async () => {
  const { db, ledger, pruning } = await openLedger()
  await end(ledger, await open(ledger, aRequest(), at(1n)), decision('result'), 'matched', NOW)
  const letGo = await holdRows(db, 'update enrichment set decision = null, decided_at = null, run = 2')
  const pruned = pruning.prune(new Date(NOW + DAY), new Map([['requests', 8n]]), NEVER)
  // Either it passes over it, or, as it must not, it waits.
  await Promise.race([pruned, waitForLocks(db, 1)])
  await letGo()
  expect(await pruned).toBe(0)
  expect(await db.run({ name: 'rows', text: 'select run from enrichment' }, [])).toEqual([{ run: 2 }])
})
