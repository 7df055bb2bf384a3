import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Candidate, Product } from '../../src/album.ts'
import { Database } from '../../src/db/database.ts'
import { LeaseStore } from '../../src/db/lease-store.ts'
import type { Enrichment } from '../../src/enrich/enrich-album.ts'
import { toLink } from '../../src/enrich/to-link.ts'
import type { EnrichmentRequested } from '../../src/events.ts'
import type { Job, StoredDecision } from '../../src/worker/ledger/job.ts'
import { Ledger } from '../../src/worker/ledger/ledger.ts'
import { OwnedStores } from '../../src/worker/ledger/owned-stores.ts'
import { LedgerPruning } from '../../src/worker/ledger/prune-ledger.ts'
import { sampleProduct } from '../data/samples.ts'
import { createTestEnv } from './test-env.ts'

export const NEVER = new AbortController().signal
export const NOW = Date.parse('2026-01-10T12:00:00Z')
export const DAY = 86_400_000

/** A ledger on tables of its own. */
export async function openLedger(processId = 'this process') {
  const url = (await createTestEnv()).DATABASE_URL
  const db = new Database(url)
  onTestFinished(() => db.close())
  await db.migrate()
  return { db, ...(await openLane(db, 'lane', 'www.amazon.ca', processId)) }
}

/** The ledger of one of the lanes that have their tables in this database. */
export async function openLane(db: Database, lane: string, marketplace: string, processId = 'this process') {
  const store = new LeaseStore(db, lane)
  const { token } = await store.take()
  // Taken once, and ours until somebody else takes it.
  const ownership = { isOwner: true, token, tokenOfWork: token, owned: () => Promise.resolve() }
  const stores = new OwnedStores(store, ownership)
  return {
    stores,
    store,
    ownership,
    ledger: new Ledger(db, stores, marketplace, processId),
    pruning: new LedgerPruning(stores),
  }
}

export function aRequest(facts: Partial<EnrichmentRequested['album']> = {}, offset = 0): EnrichmentRequested {
  const album = {
    albumId: '1',
    title: 'Nevermind',
    artists: [{ name: 'Nirvana', musicbrainzArtistId: null }],
    releaseYear: null,
    barcodes: [],
    asins: {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: NOW,
    source: 'test',
    ...facts,
  }
  return {
    requestId: randomUUID(),
    reason: 'imported',
    stages: ['search', 'match', 'links', 'artwork'],
    album,
    requestedAt: NOW,
    source: { topic: 'imported', partition: 0, offset },
  }
}

export const at = (offset: bigint, changes: object = {}) => ({
  topic: 'requests',
  offset,
  run: 1,
  attempt: 0,
  notBefore: null,
  ...changes,
})

export async function open(
  ledger: Ledger,
  request: EnrichmentRequested,
  delivered: ReturnType<typeof at>,
): Promise<Job> {
  const opening = await ledger.open(request, delivered, NOW, NEVER)
  if (opening.kind !== 'work') throw new Error(`expected work, got ${opening.kind}`)
  return opening.job
}

export const decision = (kind: StoredDecision['kind']): StoredDecision => ({
  kind,
  topic: 'somewhere',
  headers: { 'enricher-run': '1' },
  bytes: kind === 'result' ? Buffer.from('result') : null,
  failures: [],
})

export function end(ledger: Ledger, job: Job, decided: StoredDecision, outcome: string | null, decidedAt: number) {
  return ledger.decide(job, { decision: decided, outcome, decidedAt, enrichment: null }, NEVER)
}

export const enrichment = (): Enrichment => {
  const candidate = (asin: string, verdict: Candidate['verdict'], more: Partial<Product> = {}): Candidate => ({
    product: sampleProduct('Nevermind', 'Nirvana', { asin, ...more }),
    verdict,
    decidedBy: 'rules',
    score: 0.9,
    parts: [{ name: 'title', value: 0.5, reason: 'same' }],
    reason: 'same title',
  })
  const accepted = candidate('B000000001', 'accept', { price: { amount: 9.99, currency: 'CAD' }, fetchedAt: 1_000 })
  return {
    outcome: 'matched',
    candidates: [accepted, candidate('B000000002', 'reject')],
    counts: { candidates: 2, accepted: 1, rejected: 1, open: 0 },
    links: [toLink(accepted)],
    withdrawnAsins: [],
    artwork: {
      ...{ status: 'linked', asin: 'B000000001', url: 'https://images/1.jpg', key: null, width: null, height: null },
      ...{ bytes: null, errorCode: null, errorMessage: null },
    },
    model: null,
    isNew: { search: true, links: true, artwork: true },
  }
}

export const finish = (ledger: Ledger, job: Job, what: Enrichment) =>
  ledger.decide(job, { decision: decision('result'), outcome: 'matched', decidedAt: NOW, enrichment: what }, NEVER)
