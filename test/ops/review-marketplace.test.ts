import { expect, test } from 'vitest'
import { LeaseStore } from '../../src/db/lease-store.ts'
import { marketplaceToDecide, marketplaceToShow, ownMarketplace } from '../../src/ops/review-marketplace.ts'
import { Ledger } from '../../src/worker/ledger/ledger.ts'
import { OwnedStores } from '../../src/worker/ledger/owned-stores.ts'
import { aRequest, at, decision, end, enrichment, finish, NOW, open, openLedger } from '../stack/a-ledger.ts'

const [CA, UK, US] = ['www.amazon.ca', 'www.amazon.co.uk', 'www.amazon.com'] as const
const refused = (code: string, ...told: string[]) => ({
  code,
  message: expect.stringMatching(new RegExp(told.map((text) => text.replace(/[.()]/g, '\\$&')).join('.*'))),
})

/** A lane of amazon.ca, and one of amazon.co.uk beside it in the same database. */
async function openLanes() {
  const { db, ledger } = await openLedger()
  const openOther = async () => {
    const store = new LeaseStore(db, 'uk.worker')
    const { token } = await store.take()
    const owner = { isOwner: true, token, tokenOfWork: token, owned: () => Promise.resolve() }
    return new Ledger(db, new OwnedStores(store, owner), UK, 'another process')
  }
  let offset = 0n
  const enrich = async (lane: Ledger, albumId: string, what: ReturnType<typeof enrichment> | null = enrichment()) => {
    const job = await open(lane, aRequest({ albumId }), at(++offset))
    await (what === null ? end(lane, job, decision('result'), 'no_match', NOW) : finish(lane, job, what))
  }
  const prune = () => db.run({ name: 'prune', text: 'delete from enrichment' }, [])
  const show = (own: string, albumId: string, named?: string) => marketplaceToShow(db, albumId, { named, own })
  const decide = (own: string, albumId: string, named?: string) => marketplaceToDecide(db, albumId, { named, own })
  const own = (albumId: string, isGiven = false) => ownMarketplace(db, albumId, { setting: US, isGiven })
  return { db, ledger, openOther, enrich, prune, show, decide, own }
}

test('a verdict is about the marketplace of the settings, and that of another lane is refused with what to do', async () => {
  const { ledger, openOther, enrich, show, decide } = await openLanes()
  const other = await openOther()
  await enrich(ledger, 'both')
  await enrich(other, 'both')
  await enrich(other, 'uk alone')
  expect([await decide(CA, 'both'), await decide(UK, 'both'), await decide(UK, 'uk alone')]).toEqual([CA, UK, UK])
  const remedy = 'decide with those of the lane of www.amazon.co.uk (AMAZON_MARKETPLACE and TOPIC_ENRICHMENT)'
  await expect(decide(CA, 'both', UK)).rejects.toMatchObject(refused('CONFIG_INVALID', '--marketplace is', UK, remedy))
  await expect(decide(CA, 'uk alone')).rejects.toMatchObject(refused('RECORD_INVALID', 'uk alone', UK, CA, remedy, CA))
  expect(await decide(CA, 'uk alone', CA), 'who says so has it there, too').toBe(CA)

  expect([await show(CA, 'both'), await show(CA, 'both', UK), await show(CA, 'uk alone')]).toEqual([CA, UK, UK])
  await expect(show(US, 'both')).rejects.toMatchObject(refused('RECORD_INVALID', CA, UK, '--marketplace'))
})

test('a mistyped marketplace is an error that names those that there are', async () => {
  const { ledger, enrich, show, decide } = await openLanes()
  await enrich(ledger, 'a')
  const error = refused('RECORD_INVALID', '--marketplace is "amazon.ca": wants one of www.amazon.com', CA)
  await expect(show(CA, 'a', 'amazon.ca')).rejects.toMatchObject(error)
  await expect(decide(CA, 'a', 'amazon.ca')).rejects.toMatchObject(error)
})

test.each([
  ['candidates and links', enrichment()],
  ['artwork alone, since nothing was found', { ...enrichment(), candidates: [], links: [] }],
  ['nothing', null],
])('once the ledger has ended its rows, an album that left %s is still shown and decided about', async (_, what) => {
  const { ledger, enrich, prune, show, decide } = await openLanes()
  await enrich(ledger, 'a', what)
  await prune()
  expect([await show(CA, 'a'), await decide(CA, 'a'), await decide(CA, 'a', CA)]).toEqual([CA, CA, CA])
  if (what === null) return
  expect(await show(US, 'a')).toBe(CA)
  await expect(decide(US, 'a')).rejects.toMatchObject({ code: 'RECORD_INVALID' })
})

test('where the setting is left out and there is no second lane, it is where the album was looked for', async () => {
  const { db, ledger, openOther, enrich, own } = await openLanes()
  await enrich(ledger, 'a')
  expect([await own('a'), await own('unknown'), await own('a', true)]).toEqual([CA, US, US])
  await openOther()
  expect(await own('a'), 'the lane of these tests has another name').toBe(CA)
  await new LeaseStore(db, 'ca.worker').take()
  expect(await own('a'), 'this may be the shell of either').toBe(US)
})
