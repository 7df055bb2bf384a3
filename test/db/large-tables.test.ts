import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { endDiscarded } from '../../src/db/discarded-images.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { timeRequest } from '../../src/db/forgotten.ts'
import type { Query } from '../../src/db/prepared.ts'
import type { Kafka } from '../../src/kafka/kafka-client.ts'
import { createLogger } from '../../src/log.ts'
import { readLastResult } from '../../src/ops/last-result.ts'
import { countReviews } from '../../src/ops/list-reviews.ts'
import { keepOutboxSent } from '../../src/relay/outbox.ts'
import { SAVE_CANDIDATES } from '../../src/worker/ledger/statements.ts'
import { takeUp } from '../../src/worker/ledger/take-up.ts'
import { aRequest, at, DAY, NEVER, NOW, openLedger } from '../stack/a-ledger.ts'

/**
 * What is asked again and again while the service runs must find its rows by an index: the tables grow by millions. Filled
 * so that the planner has no reason of its own to read them whole.
 */
async function openFilled(...fillings: string[]) {
  const opened = await openLedger()
  // With vacuum the planner knows where an index alone will do.
  for (const sql of [...fillings, 'vacuum analyze']) await opened.db.query((em) => em.execute(sql))
  return opened
}

const ROWS = 10_000

/** Nine in ten ended after a retry: they stay, and were read by each pruning. */
const REQUESTS = `
  insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, run, attempt, source_topic,
    source_offset, answers, failures, decision, decided_at)
  select gen_random_uuid(), 'album-' || i, 'www.amazon.ca', 'imported', now(), now(), 1, case when i % 10 = 0 then 0 else 1 end,
    'requests', i, '{}', '[]', 'result',
    to_timestamp(${NOW / 1_000}) - i * interval '1 second'
  from generate_series(1, ${ROWS}) i`
const ARTWORKS = `
  insert into artwork (album_id, marketplace, status, key, request_id, updated_at)
  select 'album-' || i, 'www.amazon.ca', 'stored', case when i % 2 = 0 then 'key-' || i end, gen_random_uuid(), now()
  from generate_series(1, ${ROWS}) i`
const DISCARDED = `
  insert into discarded_image (marketplace, key) select 'www.amazon.ca', 'key-' || i from generate_series(1, 5) i`
const candidates = (rows: number) => `
  insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
  select 'album-' || i / 10, 'www.amazon.ca', 'B' || i % 10, '{"title": "a product as it was told"}',
    case when i % 50 = 0 then 'open' else 'reject' end, 'rules', '[]', 'because', gen_random_uuid(), now()
  from generate_series(1, ${rows}) i`
const LINKS = `
  insert into external_link (album_id, marketplace, asin, url, title, decided_by, reason, request_id, updated_at)
  select 'album-' || i, 'www.amazon.ca', 'B1', 'url', 'title', 'rules', 'because', gen_random_uuid(), now()
  from generate_series(${ROWS}, ${2 * ROWS}) i`
const OUTBOX = `
  insert into outbox (request_id, topic, album_id, value, created_at)
  select gen_random_uuid(), case when i % 2 = 0 then 'express' else 'another' end, 'album-' || i, 'value',
    now() - i * interval '1 second'
  from generate_series(1, ${ROWS}) i`

const FORGOTTEN = `
  insert into forgotten (album_id, forgotten_at)
  select 'album-' || i, now() - i * interval '1 second' from generate_series(1, ${ROWS}) i`

const ALBUMS = `
  insert into album (album_id, facts, imported_at) select 'album-' || i, '{}', now() from generate_series(1, ${ROWS}) i`

/** Tells how PostgreSQL would run each statement that it is asked, by name, and finds nothing. */
function explainer(db: Database) {
  const plans = new Map<string, string>()
  const run = db.run.bind(db)
  const query: Query = async ({ name, text }, values) => {
    const lines = await run<{ 'QUERY PLAN': string }>({ name: `explain ${name}`, text: `explain ${text}` }, values)
    plans.set(name, lines.map((line) => line['QUERY PLAN']).join('\n'))
    return []
  }
  return { plans, query }
}

test('the pruning passes over what it keeps, and a discarded image is looked for by its key', async () => {
  const { db, stores, pruning } = await openFilled(REQUESTS, ARTWORKS, DISCARDED)
  const { plans, query } = explainer(db)
  vi.spyOn(stores, 'saveOnceOwned').mockImplementation((_signal, work) => work(query))
  await pruning.prune(new Date(NOW + DAY), new Map([['requests', 99_999n]]), NEVER)
  vi.spyOn(db, 'run').mockResolvedValue([{ key: 'key-2' }])
  vi.spyOn(db, 'prepared').mockImplementation((work) => work(query))
  await endDiscarded(db, 'www.amazon.ca', async () => undefined, 100)

  expect(plans.get('delete from enrichment page')).toContain('enrichment_pruned_index')
  expect(plans.get('delete from discarded_image')).toContain('artwork_key_index')
})

test("a lane's last result is found at once, whatever the other lanes of the database have", async () => {
  const { db } = await openFilled(REQUESTS)
  const { plans, query } = explainer(db)
  vi.spyOn(db, 'run').mockImplementation(query)
  await readLastResult(db, ['requests', 'express'])
  expect(plans.get('select enrichment last result')).toContain('enrichment_result_index')
})

test('what waits for a person is counted by an index alone, and its links are looked for by their album', async () => {
  const { db } = await openFilled(candidates(ROWS), LINKS)
  const { plans, query } = explainer(db)
  vi.spyOn(db, 'run').mockImplementation(query)
  const plan = async () => {
    // PostgreSQL's own analysis of another table may have kept the first vacuum from seeing that all is visible.
    await db.query((em) => em.execute('vacuum candidate'))
    await countReviews(db, 'www.amazon.ca')
    return plans.get('select candidate open count')
  }
  await expect.poll(plan).toContain('Index Only Scan using candidate_waiting_index')
  expect(await plan()).not.toContain('on album')
  expect(await plan()).toContain('external_link_pkey')
})

test('what a search did not bring is found by its album', async () => {
  const { db } = await openFilled(candidates(10 * ROWS))
  const { plans, query } = explainer(db)
  const album = { album_id: 'album-7', request_id: randomUUID(), at: new Date(NOW).toISOString() }
  await query(SAVE_CANDIDATES, [JSON.stringify([{ ...album, brought: [], candidates: [] }]), 'www.amazon.ca'])
  expect(plans.get('insert into candidate')).toContain('candidate_pkey')
  expect(plans.get('insert into candidate')).not.toContain('Seq Scan on candidate')
})

test('the oldest of the outbox is found without what else waits', async () => {
  const { db } = await openFilled(OUTBOX)
  const { plans, query } = explainer(db)
  const stop = new AbortController()
  vi.spyOn(db, 'run').mockImplementation(async (statement, values) => {
    await query(statement, values)
    return [{ is: true }] as never
  })
  vi.spyOn(db, 'prepared').mockImplementation(async (work) => {
    stop.abort()
    return work(query)
  })
  const kafka = {} as Kafka
  await keepOutboxSent({ db, kafka, topic: 'express', log: createLogger('fatal') }, stop.signal)
  expect(plans.get('select outbox')).toContain('Index Only Scan using outbox_waiting_index')
  expect(plans.get('select outbox for update')).toContain('Index Scan using outbox_waiting_index')
  for (const plan of plans.values()) expect(plan).not.toContain('Sort')
})

test('when an album was forgotten last is found at once, however many were', async () => {
  const { db } = await openFilled(FORGOTTEN)
  const { plans, query } = explainer(db)
  vi.spyOn(db, 'run').mockImplementation(async (statement, values) => {
    await query(statement, values)
    return [{ now: NOW, lastForgottenAt: 0 }] as never
  })
  vi.spyOn(db, 'prepared').mockImplementation((work) => work(query))
  await timeRequest(db)
  await forgetAlbums(db, [{ albumId: '1' }])
  for (const name of ['select clock_timestamp', 'insert into forgotten'])
    expect(plans.get(name), name).toContain('forgotten_at_index')
})

test('whether an album was forgotten is looked up by its key for each request that is taken up', async () => {
  const { db } = await openFilled(FORGOTTEN, ALBUMS)
  const { plans, query } = explainer(db)
  const requests = [{ request: aRequest({ albumId: 'album-7' }, 7), delivered: at(1n), now: NOW }]
  await expect(takeUp(requests, query, { marketplace: 'www.amazon.ca', processId: 'this' })).rejects.toThrow('not read')
  for (const name of ['insert into album', 'select enrichment']) {
    expect(plans.get(name), name).toContain('forgotten_pkey')
    expect(plans.get(name), name).not.toMatch(/Seq Scan on (forgotten|album b)/)
  }
})
