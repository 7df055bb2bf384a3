import { expect, test, vi } from 'vitest'
import { endFacts } from '../../src/db/end-facts.ts'
import { CandidateRow } from '../../src/db/entities/candidate.entity.ts'
import { ExternalLink } from '../../src/db/entities/external-link.entity.ts'
import { applyVerdicts } from '../../src/enrich/apply-verdicts.ts'
import { chooseArtwork } from '../../src/enrich/artwork/choose-artwork.ts'
import type { ArtworkStage } from '../../src/enrich/artwork/create-artwork-stage.ts'
import type { PersonVerdict } from '../../src/enrich/earlier.ts'
import { type Collaborators, enrichAlbum } from '../../src/enrich/enrich-album.ts'
import { getArtwork } from '../../src/enrich/get-artwork.ts'
import { findEarlier, isKnownWhole, toStoredProduct } from '../../src/enrich/stored-candidates.ts'
import { toLink } from '../../src/enrich/to-link.ts'
import { sampleProduct } from '../data/samples.ts'
import { aRequest, at, enrichment, finish, NEVER, NOW, open, openLedger } from '../stack/a-ledger.ts'

const HOUR = 3_600_000
const SITE = 'www.amazon.ca'
const KEPT = { candidateFacts: 0, candidatePrices: 0, linkPrices: 0 }
const [ACCEPTED, REJECTED] = ['B000000001', 'B000000002']

const product = sampleProduct('Nevermind', 'Nirvana', {
  ...{ asin: ACCEPTED, url: 'https://www.amazon.ca/dp/B000000001?tag=t', salesRank: 7, condition: 'New' },
  ...{ price: { amount: 9.99, currency: 'CAD' }, image: { url: 'x', width: 900, height: 900 }, fetchedAt: NOW },
})

/** A ledger with an album that has a link and two candidates, told of by Amazon at NOW. */
async function openWithAlbum() {
  const { db, ledger } = await openLedger()
  const request = aRequest()
  const found = enrichment()
  const [accepted, rejected] = found.candidates
  if (!accepted || !rejected) throw new Error('two candidates')
  const candidates = [{ ...accepted, product }, rejected]
  const links = [toLink({ ...accepted, product })]
  await finish(ledger, await open(ledger, request, at(1n)), { ...found, candidates, links })
  const read = async () => {
    const rows = await db.query((em) => em.find(CandidateRow, {}, { orderBy: { asin: 'asc' } }))
    return rows.map((row) => row.product)
  }
  return { db, ledger, request, read }
}

test('nothing ends before its time, or where it may be kept for ever', async () => {
  const { db, read } = await openWithAlbum()
  const before = await read()
  const nothing = { candidateFacts: 0, candidatePrices: 0, linkPrices: 0 }
  expect(await endFacts(db, KEPT, NOW + 1_000 * HOUR, NEVER)).toEqual(nothing)
  expect(await endFacts(db, { candidateFacts: 24, candidatePrices: 1, linkPrices: 1 }, NOW + HOUR, NEVER)).toEqual(
    nothing,
  )
  expect(await read()).toEqual(before)
})

test('prices end before the rest, and of the rest stays what a person needs to decide', async () => {
  const { db, read } = await openWithAlbum()
  const lifetimes = { ...KEPT, candidateFacts: 24, candidatePrices: 1 }
  expect(await endFacts(db, lifetimes, NOW + HOUR + 1, NEVER)).toMatchObject({ candidateFacts: 0, candidatePrices: 1 })
  const [priceless] = await read()
  expect(priceless).toEqual({ ...product, price: null, condition: null, availability: null, arePricesEnded: true })
  expect(await endFacts(db, lifetimes, NOW + HOUR + 2, NEVER), 'again').toMatchObject({ candidatePrices: 0 })

  expect(await endFacts(db, lifetimes, NOW + 24 * HOUR + 1, NEVER)).toMatchObject({ candidateFacts: 1 })
  const [bare, rejected] = await read()
  const { asin, url, title, contributors } = product
  expect(bare).toMatchObject({ asin, url, title, contributors, image: null, salesRank: null, fetchedAt: -1 })
  expect(Object.keys(rejected ?? {}).sort(), 'of a rejected one no more was kept').toEqual([
    'asin',
    'contributors',
    'title',
  ])
  const { candidates, links } = await findEarlier(db, '1', SITE)
  expect(candidates.map(isKnownWhole)).toEqual([false, false])
  expect(links, 'the link has its own').toMatchObject([{ asin, url, priceMinor: 999, pricedAt: NOW, condition: 'New' }])
  const [ended] = candidates.filter((one) => one.product.asin === ACCEPTED)
  expect(ended && toStoredProduct(ended), 'stored again by a verdict about another').toMatchObject({
    fetchedAt: -1,
    url,
  })
})

test('prices of links end where they must', async () => {
  const { db } = await openWithAlbum()
  expect(await endFacts(db, { ...KEPT, linkPrices: 1 }, NOW + HOUR + 1, NEVER)).toMatchObject({ linkPrices: 1 })
  const [link] = await db.query((em) => em.find(ExternalLink, {}))
  expect(link).toMatchObject({ url: product.url, priceMinor: null, currency: null, pricedAt: null, salesRank: null })
})

test('a large table ends in pages', async () => {
  const { db } = await openWithAlbum()
  await db.query((em) =>
    em.execute(
      `insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
       select 'a' || i, '${SITE}', 'B', ?::jsonb, 'open', 'rules', '[]', 'because', gen_random_uuid(), now()
       from generate_series(1, 4500) i`,
      [JSON.stringify(product)],
    ),
  )
  const { candidateFacts } = await endFacts(db, { ...KEPT, candidateFacts: 24 }, NOW + 25 * HOUR, NEVER)
  expect(candidateFacts).toBe(4_501)
})

test('each page goes on where the one before ended, also among rows that were told at the same time', async () => {
  const { db } = await openLedger()
  const fill = (sql: string) => db.query((em) => em.execute(sql))
  // Runs of 1,500 rows that were told at the same time, so that each page ends within one.
  await fill(`
    insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
    select 'a' || i, '${SITE}', 'B', jsonb_build_object('fetchedAt', ${NOW} + i / 1500), 'open', 'rules', '[]', 'because',
      gen_random_uuid(), now()
    from generate_series(1, 9000) i`)
  await fill(`
    insert into external_link (album_id, marketplace, asin, url, title, decided_by, reason, request_id, updated_at, priced_at)
    select 'a' || i, '${SITE}', 'B', 'url', 'title', 'rules', 'because', gen_random_uuid(), now(),
      to_timestamp(${NOW / 1_000}) + i / 1500 * interval '1 microsecond'
    from generate_series(1, 9000) i`)
  const run = vi.spyOn(db, 'run')
  const all = { candidateFacts: 9_000, candidatePrices: 9_000, linkPrices: 9_000 }
  const prices = { ...KEPT, candidatePrices: 1, linkPrices: 1 }
  expect(await endFacts(db, prices, NOW + 2 * HOUR, NEVER)).toEqual({ ...all, candidateFacts: 0 })
  const starts = run.mock.calls.map(([, values]) => Number(values[1]) - NOW)
  expect(starts.slice(0, 5), 'of candidates').toEqual([-NOW, 1, 2, 4, 5])
  expect(starts.slice(5), 'of links, by the millisecond').toEqual([-NOW, 0, 0, 0, 0])
  expect(await endFacts(db, { ...KEPT, candidateFacts: 24 }, NOW + 25 * HOUR, NEVER)).toMatchObject({
    candidateFacts: all.candidateFacts,
  })
})

test('what ended is asked for again where it is needed: for the artwork, and for what a person accepts', async () => {
  const { db, request } = await openWithAlbum()
  await endFacts(db, { ...KEPT, candidateFacts: 24 }, NOW + 25 * HOUR, NEVER)
  const asked: string[][] = []
  const getItems = async (asins: readonly string[]) => {
    asked.push([...asins])
    return [{ ...product, fetchedAt: NOW + 26 * HOUR }]
  }
  const using = {
    amazon: { getItems },
    step: <T>(_name: string, ask: () => Promise<T>) => ask(),
    stage: <T>(_name: string, run: () => Promise<T>) => run(),
    findEarlier: (albumId: string) => findEarlier(db, albumId, SITE),
    earlier: { links: [], artwork: null, verdicts: [{ asin: ACCEPTED, verdict: 'accept', by: 'me', at: NOW }] },
    getArtwork: async (_album: object, [best]: { product: { image: unknown } }[]) => best?.product.image,
  }
  const forArtwork = await enrichAlbum(request.album, ['artwork'], using as never, NEVER)
  expect(forArtwork.artwork).toEqual(product.image)
  const accepted = await applyVerdicts(request.album, using as never, NEVER)
  expect(accepted.candidates.find((one) => one.product.asin === ACCEPTED)).toMatchObject({
    verdict: 'accept',
    decidedBy: 'person',
    product: { price: product.price, fetchedAt: NOW + 26 * HOUR },
  })
  expect(asked).toEqual([[ACCEPTED], [ACCEPTED]])
  expect(accepted.candidates.map((one) => one.product.asin).sort()).toEqual([ACCEPTED, REJECTED])
})

test('where artwork is only linked it outlives a verdict about another product, and Amazon is asked for what has ended', async () => {
  const { db, request } = await openWithAlbum()
  const asked: string[][] = []
  const stage: ArtworkStage = async (album, links) => {
    const choice = chooseArtwork('link', album.hasPrimaryImage, links)
    if (choice.status === 'download') throw new RangeError('nothing is downloaded')
    return choice
  }
  const decide = async (asin: string, verdict: PersonVerdict['verdict']) => {
    const using: Partial<Collaborators> = {
      amazon: {
        searchItems: () => Promise.reject(new Error('a verdict makes no search')),
        getItems: async (asins) => {
          asked.push(asins)
          return [{ ...product, fetchedAt: NOW + 26 * HOUR }]
        },
      },
      step: (_name, ask) => ask(),
      stage: (_name, run) => run(),
      findEarlier: (albumId) => findEarlier(db, albumId, SITE),
      requestId: request.requestId,
      earlier: { links: [], artwork: enrichment().artwork, verdicts: [{ asin, verdict, by: 'me', at: NOW }] },
      getArtwork: (...given) => getArtwork(stage, ...given),
    }
    const { artwork } = await enrichAlbum(request.album, ['match', 'artwork'], using as Collaborators, NEVER)
    return [artwork.status, artwork.url, asked.splice(0)]
  }
  expect(await decide(REJECTED, 'reject'), 'nothing has ended').toEqual(['linked', 'x', []])
  await endFacts(db, { ...KEPT, candidateFacts: 24 }, NOW + 25 * HOUR, NEVER)
  expect(await decide(REJECTED, 'reject')).toEqual(['linked', 'x', [[ACCEPTED]]])
  expect(await decide(ACCEPTED, 'accept'), 'asked for once').toEqual(['linked', 'x', [[ACCEPTED]]])
  expect(await decide(ACCEPTED, 'reject'), 'no longer wanted').toEqual(['none', null, []])
})
