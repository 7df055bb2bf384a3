import { expect, test, vi } from 'vitest'
import { LastResult } from '../../src/ops/last-result.ts'
import { aRequest, at, decision, end, NOW, open, openLedger } from '../stack/a-ledger.ts'

const MINUTE = 60_000

test('the last result is remembered, and after the first look only what may have come since is looked at', async () => {
  const { db, ledger } = await openLedger()
  const decide = async (offset: bigint, decidedAt: number, kind: 'result' | 'dead_letter' = 'result') =>
    end(ledger, await open(ledger, aRequest(), at(offset)), decision(kind), null, decidedAt)
  const [ours, other] = [new LastResult(db, 'www.amazon.ca'), new LastResult(db, 'www.amazon.de')]
  const read = async (now: number) => [await ours.read(now), await other.read(now)]
  expect(await read(NOW)).toEqual([null, null])
  expect(await new LastResult(db, 'www.amazon.ca').read(NOW)).toBe(null)

  // Stored late, as when the lane was in doubt.
  await decide(1n, NOW - 9 * MINUTE)
  expect(await read(NOW)).toEqual([new Date(NOW - 9 * MINUTE), null])
  await decide(2n, NOW + MINUTE)
  await decide(3n, NOW + 2 * MINUTE, 'dead_letter')
  const run = vi.spyOn(db, 'run')
  expect(await read(NOW + 2 * MINUTE)).toEqual([new Date(NOW + MINUTE), null])
  expect(await read(NOW + 60 * MINUTE)).toEqual([new Date(NOW + MINUTE), null])
  expect(await read(NOW + 61 * MINUTE), 'long after').toEqual([new Date(NOW + MINUTE), null])
  const froms = run.mock.calls.map(([, [from]]) => ((from as Date).getTime() - NOW) / MINUTE)
  expect(froms).toEqual([-10, -10, -8, -8, 50, 50])
  expect(await new LastResult(db, 'www.amazon.ca').read(NOW + 90 * MINUTE), 'the first look').toEqual(
    new Date(NOW + MINUTE),
  )
})
