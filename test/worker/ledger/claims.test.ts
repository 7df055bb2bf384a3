import { expect, test } from 'vitest'
import { Enrichment as RequestRow } from '../../../src/db/entities/enrichment.entity.ts'
import type { Job } from '../../../src/worker/ledger/job.ts'
import type { Ledger } from '../../../src/worker/ledger/ledger.ts'
import { aRequest, at, decision, end, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'
import { CLAIM_CASES, type ClaimedRow } from '../delivery-walk/claim-cases.ts'
import { isClaimed } from '../delivery-walk/rules.ts'

const CLAIMED: ClaimedRow = {
  run: 1,
  attempt: 0,
  source: { topic: 'requests', offset: 5n },
  reached: { requests: 5n },
  again: false,
  decision: null,
}

const SAVES: Record<string, (ledger: Ledger, job: Job) => Promise<unknown>> = {
  'an answer': (ledger, job) => ledger.saveAnswer(job, 'search.fields', ['product'], NEVER),
  'the decision': (ledger, job) => end(ledger, job, decision('result'), 'matched', NOW),
}

test.each(CLAIM_CASES)('in the model of the random walks a row that is $what is still claimed: $isClaimed', (each) => {
  expect(isClaimed({ ...CLAIMED, ...each.changes }, CLAIMED)).toBe(each.isClaimed)
})

test.each(Object.keys(SAVES))(
  'in PostgreSQL %s lands in the rows that are still claimed, and in no other',
  async (what) => {
    const { db, ledger } = await openLedger()
    for (const each of CLAIM_CASES) {
      const request = aRequest()
      const job = await open(ledger, request, at(5n))
      expect(job.claim, 'as the cases have it').toMatchObject({ run: 1, attempt: 0, source: CLAIMED.source })
      const { source, reached, ...same } = { ...CLAIMED, ...each.changes }
      const changed = {
        ...same,
        sourceTopic: source.topic,
        sourceOffset: source.offset,
        reached: Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, String(offset)])),
      }
      const { requestId } = request
      await db.query((em) => em.nativeUpdate(RequestRow, { requestId }, changed))
      const before = await db.query((em) => em.findOneOrFail(RequestRow, { requestId }))
      const saved = await SAVES[what]?.(ledger, job).then(
        () => true,
        (error) => error.code,
      )
      expect([each.what, saved]).toEqual([each.what, each.isClaimed || 'LANE_LOST'])
      const after = await db.query((em) => em.findOneOrFail(RequestRow, { requestId }))
      if (!each.isClaimed) expect(after, each.what).toEqual(before)
      else expect([after.answers, after.decision], each.what).not.toEqual([before.answers, before.decision])
    }
  },
)
