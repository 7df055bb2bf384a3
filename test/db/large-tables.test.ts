import { expect, test, vi } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { endDiscarded } from '../../src/db/forget.ts'
import type { Query, Statement } from '../../src/db/prepared.ts'
import { DAY, NEVER, NOW, openLedger } from '../stack/a-ledger.ts'

/**
 * What is asked again and again while the service runs must find its rows by an index: the tables grow by millions. Filled
 * so that the planner has no reason of its own to read them whole.
 */
async function openFilled() {
  const opened = await openLedger()
  const { db } = opened
  const fill = (sql: string) => db.query((em) => em.execute(sql))
  // Nine in ten ended after a retry: they stay, and were read by each pruning. A few are still to be emptied.
  await fill(`
    insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, run, attempt, source_topic,
      source_offset, answers, failures, decision, decided_at)
    select gen_random_uuid(), 'album-' || i, 'www.amazon.ca', 'imported', now(), now(), 1, case when i % 10 = 0 then 0 else 1 end,
      'requests', i, case when i % 100 = 1 then '{"search": 1}' else '{}' end::jsonb, '[]', 'result',
      to_timestamp(${NOW / 1_000}) - i * interval '1 second'
    from generate_series(1, 30000) i`)
  await fill(`
    insert into artwork (album_id, marketplace, status, key, request_id, updated_at)
    select 'album-' || i, 'www.amazon.ca', 'stored', case when i % 2 = 0 then 'key-' || i end, gen_random_uuid(), now()
    from generate_series(1, 30000) i`)
  await fill(
    `insert into discarded_image (marketplace, key) select 'www.amazon.ca', 'key-' || i from generate_series(1, 9) i`,
  )
  await fill('analyze')
  return opened
}

/** How PostgreSQL would run a statement. */
async function explain(db: Database, { name, text }: Statement, values: unknown[]): Promise<string> {
  const lines = await db.run<{ 'QUERY PLAN': string }>({ name: `explain ${name}`, text: `explain ${text}` }, values)
  return lines.map((line) => line['QUERY PLAN']).join('\n')
}

test('the pruning passes over what it keeps, and a discarded image is looked for by its key', async () => {
  const { db, stores, ledger } = await openFilled()
  const plans = new Map<string, string>()
  const query: Query = async (statement, values) => {
    plans.set(statement.name, await explain(db, statement, values))
    return []
  }
  vi.spyOn(stores, 'saveOnceOwned').mockImplementation((_signal, work) => work(query))
  await ledger.prune(new Date(NOW + DAY), new Map([['requests', 99_999n]]), NEVER)
  vi.spyOn(db, 'run').mockImplementationOnce(query)
  await endDiscarded(db, 'www.amazon.ca', async () => undefined, 100)

  expect(plans.get('delete from enrichment page')).toContain('enrichment_ended_index')
  expect(plans.get('update enrichment copied page')).toContain('enrichment_answered_index')
  expect(plans.get('select discarded_image')).toContain('artwork_key_index')
})
