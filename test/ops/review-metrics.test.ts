import { expect, onTestFinished, test, vi } from 'vitest'
import { createLogger } from '../../src/log.ts'
import { metrics, registry } from '../../src/metrics.ts'
import { keepReviewMetrics } from '../../src/ops/review-metrics.ts'
import { openLedger } from '../stack/a-ledger.ts'

const EVERY_MS = 10

test('what waits is counted, and a failure is told once until it is over', async () => {
  onTestFinished(() => registry.resetMetrics())
  const { db } = await openLedger()
  await db.query((em) =>
    em.execute(`
      insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
      values ('1', 'www.amazon.ca', 'B1', '{}', 'open', 'rules', '[]', 'because', gen_random_uuid(), now())`),
  )
  const log = createLogger('fatal')
  const warn = vi.spyOn(log, 'warn')
  const run = vi.spyOn(db, 'run')
  const rename = (from: string, to: string) => db.query((em) => em.execute(`alter table ${from} rename to ${to}`))
  const rounds = async (count: number) => {
    const before = run.mock.calls.length
    await expect.poll(() => run.mock.calls.length).toBeGreaterThan(before + count)
  }
  const stop = new AbortController()
  const ended = keepReviewMetrics(db, 'www.amazon.ca', log, stop.signal, EVERY_MS)
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  const open = async () => (await metrics.reviewOpen.get()).values[0]?.value
  await expect.poll(open).toBe(1)

  await rename('candidate', 'hidden')
  await rounds(5)
  expect(warn.mock.calls).toEqual([[{ code: expect.any(String), reason: expect.any(String) }, 'reviews not counted']])
  expect(await open(), 'the last figure').toBe(1)
  await rename('hidden', 'candidate')
  await rounds(2)
  await rename('candidate', 'hidden')
  await rounds(2)
  expect(warn).toHaveBeenCalledTimes(2)
})
