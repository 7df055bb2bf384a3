import { expect, test } from 'vitest'
import { readProgress } from '../../src/ops/read-progress.ts'
import { aRequest, at, decision, end, NEVER, NOW, open, openLedger } from '../stack/a-ledger.ts'

test('albums in the air are told by their stage, those begun first, and how many there are', async () => {
  const { db, ledger } = await openLedger()
  const { topic } = at(1n)
  const lane = [topic, 'express']
  expect(await readProgress(db, lane)).toEqual({ inFlight: 0, albumsInFlight: [], lastResultAt: null })

  const requests = Array.from({ length: 52 }, (_, index) => aRequest({ albumId: `album ${index}` }))
  const jobs = await Promise.all(requests.map((request, index) => open(ledger, request, at(BigInt(index)))))
  const [first, second, third] = jobs
  if (!first || !second || !third) throw new Error('no jobs')
  await ledger.saveAnswer(first, 'search.fields', [], NEVER)
  await ledger.saveAnswer(second, 'search.fields', [], NEVER)
  await ledger.saveAnswer(second, 'model', { verdicts: [] }, NEVER)
  await end(ledger, third, decision('result'), 'matched', NOW)

  const { inFlight, albumsInFlight } = await readProgress(db, lane)
  expect([inFlight, albumsInFlight.length]).toEqual([51, 50])
  const stages = new Map(albumsInFlight.map(({ albumId, ...told }) => [albumId, told]))
  const startedAt = new Date(NOW).toISOString()
  const told = (job: typeof first, stage: string) => ({ requestId: job.requestId, startedAt, stage })
  // All began at once: which one is left out, their ids say.
  for (const [job, stage] of [[first, 'match'] as const, [second, 'links and artwork'] as const])
    expect([told(job, stage), undefined]).toContainEqual(stages.get(job.album.albumId))
  expect(stages.has(third.album.albumId)).toBe(false)
  expect(await readProgress(db, ['of another lane'])).toMatchObject({ inFlight: 0, albumsInFlight: [] })
})
