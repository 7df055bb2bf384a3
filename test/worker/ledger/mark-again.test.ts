import { expect, test, vi } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import { LeaseStore } from '../../../src/db/lease-store.ts'
import { Ledger } from '../../../src/worker/ledger/ledger.ts'
import { markAgain } from '../../../src/worker/ledger/mark-again.ts'
import { OwnedStores } from '../../../src/worker/ledger/owned-stores.ts'
import { aRequest, at, decision, end, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'

async function fill(db: Database, rows: number): Promise<void> {
  await db.query((em) =>
    em.execute(`
      insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, attempt, source_topic,
        source_offset, reached, answers, failures, decision, decided_at)
      select gen_random_uuid(), 'album', 'www.amazon.ca', 'imported', now(), now(), 0, 'requests', i,
        jsonb_build_object('requests', i::text), '{}', '[]', 'result', now()
      from generate_series(1, ${rows}) i`),
  )
}

test('a lane that has come to another cluster marks its own rows, and what the lanes beside it paid for stays theirs', async () => {
  const { db, store, ownership, ledger } = await openLedger()
  const other = new LeaseStore(db, 'uk.worker')
  const { token } = await other.take()
  const owner = { isOwner: true, token, tokenOfWork: token, owned: () => Promise.resolve() }
  const ofOther = new Ledger(db, new OwnedStores(other, owner), 'www.amazon.co.uk', 'another process')
  const uk = (offset: bigint) => at(offset, { topic: 'uk.requests' })

  const [ours, inWork, ended] = [
    aRequest({ albumId: 'us' }),
    aRequest({ albumId: 'uk' }),
    aRequest({ albumId: 'uk 2' }),
  ]
  await open(ledger, ours, at(7n))
  const job = await open(ofOther, inWork, uk(8n))
  await ofOther.saveAnswer(job, 'search.fields', ['paid for'], NEVER)
  await end(ofOther, await open(ofOther, ended, uk(9n)), decision('result'), 'matched', NOW)

  const topics = ['requests', 'express'].map((topic) => ({ topic, from: 0n, isMoved: false }))
  const position = { topics, formerCluster: { requests: 5n, express: 0n } }
  expect(await markAgain(store, ownership.token, position)).toBe(1)

  expect((await open(ledger, ours, at(7n))).claim.run).toBe(2)
  await ofOther.saveAnswer(job, 'model', { verdicts: [] }, NEVER)
  const again = await open(ofOther, inWork, uk(8n))
  expect([again.claim.run, again.answers['search.fields']]).toEqual([1, ['paid for']])
  expect((await ofOther.open(ended, uk(9n), NOW, NEVER)).kind).toBe('publish')
})

test('offsets that were moved back mark what was ever driven from there, also where it was driven from elsewhere last', async () => {
  const { store, ownership, ledger } = await openLedger()
  const request = aRequest()
  await end(ledger, await open(ledger, request, at(7n)), decision('retry'), null, NOW)
  const copy = at(3n, { topic: 'former express', attempt: 1 })
  await end(ledger, await open(ledger, request, copy), decision('result'), 'matched', NOW)
  const moved = (from: bigint) => ({ topics: [{ topic: 'requests', from, isMoved: true }], formerCluster: null })
  expect(await markAgain(store, ownership.token, moved(8n))).toBe(0)
  expect(await markAgain(store, ownership.token, moved(7n))).toBe(1)
  expect((await open(ledger, request, at(7n))).claim.run).toBe(2)
})

test('another process may take the lane between two pages, and marks them all', async () => {
  const { db, store, ownership } = await openLedger()
  await fill(db, 12_000)
  const save = store.save.bind(store)
  let pages = 0
  vi.spyOn(store, 'save').mockImplementation(async (token, work) => {
    const done = await save(token, work)
    pages += 1
    if (pages === 1) await new LeaseStore(db, 'lane').take()
    return done
  })
  const moved = { topics: [{ topic: 'requests', from: 0n, isMoved: true }], formerCluster: null }
  await expect(markAgain(store, ownership.token, moved)).rejects.toMatchObject({ code: 'LANE_LOST' })
  const { token } = await new LeaseStore(db, 'lane').take()
  expect(await markAgain(store, token, moved)).toBe(12_000)
})

test('a large ledger is looked through in pages, of which no more is told than may have to run again', async () => {
  const { db, store, ownership } = await openLedger()
  const rows = 12_000
  await fill(db, rows)
  const told: number[] = []
  const save = store.save.bind(store)
  vi.spyOn(store, 'save').mockImplementation((token, work) =>
    save(token, (query) =>
      work(async (statement, values) => {
        const found = await query(statement, values)
        if (statement.name.startsWith('select')) told.push(found.length)
        return found
      }),
    ),
  )
  const moved = (from: bigint) => ({ topics: [{ topic: 'requests', from, isMoved: true }], formerCluster: null })
  expect(await markAgain(store, ownership.token, moved(BigInt(rows + 1)))).toBe(0)
  expect(told, 'nothing but how far each page came').toEqual([1, 1, 1, 0])
  expect(await markAgain(store, ownership.token, moved(BigInt(rows - 9)))).toBe(10)
  expect(await markAgain(store, ownership.token, moved(0n)), 'also where all are').toBe(rows)
})
