import { expect, test } from 'vitest'
import { readTokensOfDay } from '../../../src/db/model-calls.ts'
import type { ModelCall } from '../../../src/model/model.ts'
import { findModelCalls } from '../../../src/ops/find-model-calls.ts'
import { noteModelCall } from '../../../src/worker/ledger/model-calls.ts'
import { aRequest, at, DAY, enrichment, finish, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'

const call: ModelCall = {
  albumId: '1',
  at: NOW,
  model: 'gpt',
  promptVersion: '2',
  candidates: 3,
  result: 'ok',
  inputTokens: 700,
  outputTokens: 40,
  spentTokens: 740,
  cost: 0.002,
  latencyMs: 812.4,
  answer: '{"verdicts": []} Bearer abcdefghijklmnop',
}

test('a call is stored with the answer that it gave, once, and counted for its day and lane', async () => {
  const { db, ledger } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  noteModelCall(job, call)
  const [noted] = job.modelCalls
  await ledger.saveAnswer(job, 'model', {}, NEVER)
  expect(job.modelCalls).toEqual([])
  // As after a commit whose answer was lost.
  if (noted) job.modelCalls.push(noted)
  noteModelCall(job, { ...call, at: NOW + 1, result: 'MODEL_BAD_ANSWER', cost: null })
  await finish(ledger, job, enrichment())
  const found = await findModelCalls(db, '1', 5)
  expect(found).toMatchObject([
    { result: 'MODEL_BAD_ANSWER', cost: null },
    { result: 'ok', marketplace: 'www.amazon.ca', requestId: job.requestId, inputTokens: 700, latencyMs: 812 },
  ])
  expect(found[1]?.answer).toBe('{"verdicts": []} Bearer (hidden)')
  expect(await readTokensOfDay(db, 'lane', NOW)).toBe(1_480)
  expect(await readTokensOfDay(db, 'lane', NOW - DAY)).toBe(0)
  expect(await readTokensOfDay(db, 'another lane', NOW)).toBe(0)
})

test('calls whose cost is not told are kept to the last ones, and none that cost something is forgotten', async () => {
  const { db, ledger } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  noteModelCall(job, call)
  const hanging = { ...call, result: 'MODEL_UNAVAILABLE', inputTokens: 0, outputTokens: 0, spentTokens: 10 }
  for (let probe = 1; probe <= 50; probe++) noteModelCall(job, { ...hanging, at: NOW + probe })
  await ledger.saveFailures(job, [], NEVER)
  const found = await findModelCalls(db, '1', 100)
  expect(found.map(({ result }) => result).filter((result) => result === 'ok')).toHaveLength(1)
  expect(found.map(({ at: when }) => when.getTime() - NOW).slice(0, 20)).toEqual(
    Array.from({ length: 20 }, (_, index) => 50 - index),
  )
  expect(found).toHaveLength(21)
  expect(await readTokensOfDay(db, 'lane', NOW), 'what they may have cost counts all the same').toBe(740 + 50 * 10)
})

test('calls are pruned by their age', async () => {
  const { db, ledger, pruning } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  noteModelCall(job, { ...call, at: NOW - 2 * DAY })
  noteModelCall(job, call)
  await ledger.saveAnswer(job, 'model', {}, NEVER)
  await pruning.pruneModelCalls(new Date(NOW - DAY), NEVER)
  expect((await findModelCalls(db, '1', 5)).map(({ at: when }) => when.getTime())).toEqual([NOW])
  expect(await readTokensOfDay(db, 'lane', NOW - 2 * DAY)).toBe(0)
  expect(await readTokensOfDay(db, 'lane', NOW)).toBe(740)
})
