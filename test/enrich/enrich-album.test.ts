import { expect, test } from 'vitest'
import type { Candidate } from '../../src/album.ts'
import { ExternalLink } from '../../src/db/entities/external-link.entity.ts'
import { PersonVerdictRow } from '../../src/db/entities/person-verdict.entity.ts'
import { enrichAlbum } from '../../src/enrich/enrich-album.ts'
import { findEarlier } from '../../src/enrich/stored-candidates.ts'
import { toLink } from '../../src/enrich/to-link.ts'
import type { Job } from '../../src/worker/ledger/job.ts'
import { sampleProduct } from '../data/samples.ts'
import { aRequest, at, enrichment, finish, NEVER, open, openLedger } from '../stack/a-ledger.ts'

const SITE = 'www.amazon.ca'

const accepted = (asin: string): Candidate => ({
  product: sampleProduct('Nevermind', 'Nirvana', { asin }),
  ...{ verdict: 'accept', decidedBy: 'rules', score: 0.9, parts: [], reason: 'same title' },
})

/** Albums of a ledger, and a shop that finds nothing and sells whatever ASIN it is asked for. */
async function openShop() {
  const { db, ledger } = await openLedger()
  const asked: string[][] = []
  const unshown = new Set<string>()
  const amazon = {
    searchItems: async () => [],
    getItems: async (asins: string[]) => {
      asked.push(asins)
      return asins.filter((asin) => !unshown.has(asin)).map((asin) => accepted(asin).product)
    },
  }
  const enrich = (job: Job, stages = aRequest().stages) =>
    enrichAlbum(
      job.album,
      stages,
      {
        ...job,
        ...{ marketplace: SITE, hasMusicIndex: true, amazon, model: null, modelUse: 'never' },
        stage: (_name, run) => run(),
        step: async (name, ask) => {
          if (name in job.answers) return job.answers[name] as Awaited<ReturnType<typeof ask>>
          const answer = await ask()
          await ledger.saveAnswer(job, name, answer, NEVER)
          return answer
        },
        findEarlier: (albumId) => findEarlier(db, albumId, SITE),
        getArtwork: async () => enrichment().artwork,
      },
      NEVER,
    )
  /** Another request of the same album, which links these as well. */
  const link = async (offset: bigint, ...asins: string[]) => {
    const candidates = asins.map(accepted)
    const found = { ...enrichment(), candidates, links: candidates.map(toLink) }
    await finish(ledger, await open(ledger, aRequest(), at(offset)), found)
  }
  const decide = async (asin: string, verdict: 'accept' | 'reject') => {
    const row = { albumId: '1', marketplace: SITE, asin, verdict, decidedBy: 'me', decidedAt: new Date() }
    await db.query((em) => em.upsert(PersonVerdictRow, row))
  }
  return { db, ledger, asked, unshown, enrich, link, decide }
}

test('what others linked since a request first asked is asked for by its next try, and stays linked', async () => {
  const { ledger, asked, enrich, link } = await openShop()
  await link(1n, 'B000000001')
  const request = aRequest()
  const first = await enrich(await open(ledger, request, at(2n)))
  expect(first.links.map(({ asin }) => asin)).toEqual(['B000000001'])
  await link(3n, 'B000000002')
  const again = await enrich(await open(ledger, request, at(2n)))
  expect([again.links.map(({ asin }) => asin), again.withdrawnAsins]).toEqual([['B000000001', 'B000000002'], []])
  await enrich(await open(ledger, request, at(2n)))
  expect(asked, 'and what was asked for before is not paid for again').toEqual([
    ['B000000001'],
    ['B000000001', 'B000000002'],
  ])
})

test('of more links than are asked about the others stand, and what a person wants linked comes first', async () => {
  const { ledger, asked, enrich, link, decide } = await openShop()
  const asins = Array.from({ length: 26 }, (_, index) => `B${String(index).padStart(9, '0')}`)
  await link(1n, ...asins)
  await decide('B0PERSON01', 'accept')
  await decide('B000000025', 'reject')
  const { links, withdrawnAsins, counts } = await enrich(await open(ledger, aRequest(), at(2n)))
  expect(asked).toEqual([['B0PERSON01', ...asins.slice(0, 9)], asins.slice(9, 19)])
  expect(links.map(({ asin }) => asin)).toEqual(['B0PERSON01', ...asins.slice(0, 25)])
  expect([withdrawnAsins, counts.accepted]).toEqual([['B000000025'], 26])
})

test('a link that a person accepted stays while Amazon does not show it, with its last price alone, and others are withdrawn', async () => {
  const { db, ledger, unshown, enrich, link, decide } = await openShop()
  await link(1n, 'B000000001', 'B000000002')
  await decide('B000000002', 'accept')
  const told = { priceMinor: 999, currency: 'CAD', condition: 'New', pricedAt: new Date(5_000) }
  await db.query((em) => em.nativeUpdate(ExternalLink, {}, { ...told, availability: 'IN_STOCK', salesRank: 7 }))
  unshown.add('B000000001').add('B000000002')
  const left = { ...told, pricedAt: 5_000, availability: null, salesRank: null, asin: 'B000000002' }
  for (const offset of [2n, 3n]) {
    const job = await open(ledger, aRequest(), at(offset))
    const gone = await enrich(job)
    expect(gone.links).toMatchObject([left])
    expect([gone.withdrawnAsins, gone.counts.accepted]).toEqual([offset === 2n ? ['B000000001'] : [], 1])
    await finish(ledger, job, gone)
  }
  await decide('B000000002', 'reject')
  const { links, withdrawnAsins } = await enrich(await open(ledger, aRequest(), at(4n)))
  expect([links, withdrawnAsins]).toEqual([[], ['B000000002']])
})

test('a link that Amazon is asked about and does not show when a person decides has no availability any more', async () => {
  const { db, ledger, unshown, enrich, link, decide } = await openShop()
  await link(1n, 'B000000001', 'B000000002')
  await db.query((em) => em.nativeUpdate(ExternalLink, {}, { availability: 'IN_STOCK', salesRank: 7 }))
  await db.query((em) => em.execute(`update candidate set product = product || '{"fetchedAt": -1}'`))
  await decide('B000000002', 'accept')
  unshown.add('B000000001')
  const { links } = await enrich(await open(ledger, aRequest(), at(2n)), ['match', 'links', 'artwork'])
  expect(links).toMatchObject([
    { asin: 'B000000002', decidedBy: 'person' },
    { asin: 'B000000001', availability: null, salesRank: null },
  ])
})

test('what a person wants linked is asked for before what persons have linked', async () => {
  const { ledger, asked, enrich, link, decide } = await openShop()
  const asins = Array.from({ length: 20 }, (_, index) => `B${String(index).padStart(9, '0')}`)
  await link(1n, ...asins)
  for (const asin of asins) await decide(asin, 'accept')
  await decide('B0PERSON01', 'accept')
  const { links } = await enrich(await open(ledger, aRequest(), at(2n)))
  expect(asked[0]).toContain('B0PERSON01')
  expect(links.map(({ asin }) => asin).sort()).toEqual([...asins, 'B0PERSON01'])
})
