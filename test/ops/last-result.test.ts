import { expect, test } from 'vitest'
import { readLastResult } from '../../src/ops/last-result.ts'
import { aRequest, at, decision, end, NOW, open, openLedger } from '../stack/a-ledger.ts'

const MINUTE = 60_000

test("a lane's last result is the latest of its own topics, whatever else ended since", async () => {
  const { db, ledger } = await openLedger()
  const decide = async (offset: bigint, decidedAt: number, kind: 'result' | 'dead_letter' = 'result') =>
    end(ledger, await open(ledger, aRequest(), at(offset)), decision(kind), null, decidedAt)
  const { topic } = at(1n)
  const own = ['express', topic]
  expect(await readLastResult(db, own)).toBe(null)

  await decide(1n, NOW + MINUTE)
  // Stored late, as when the lane was in doubt.
  await decide(2n, NOW - 9 * MINUTE)
  await decide(3n, NOW + 2 * MINUTE, 'dead_letter')
  expect(await readLastResult(db, own)).toEqual(new Date(NOW + MINUTE))
  expect(await readLastResult(db, ['of another lane'])).toBe(null)
})
