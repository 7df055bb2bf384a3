import { expect, test } from 'vitest'
import type { Candidate } from '../../../src/album.ts'
import { judgeByPerson } from '../../../src/enrich/match/judge-by-person.ts'
import { toLink } from '../../../src/enrich/to-link.ts'
import { toAlbumEnriched } from '../../../src/worker/request/to-album-enriched.ts'
import { sampleProduct } from '../../data/samples.ts'
import { aRequest, enrichment } from '../../stack/a-ledger.ts'

const CIRCUMSTANCES = { marketplace: 'www.amazon.ca', run: 1, attempts: 1, startedAt: 1, finishedAt: 2 }

test.each(['jane.doe', 'j by d on 2020-01-01', 'two\nlines'])(
  'readers learn that a person accepted a link and when, not that it was %j, which stays in the table',
  (by) => {
    const product = sampleProduct('Nevermind', 'Nirvana')
    const verdicts = [{ asin: product.asin, verdict: 'accept' as const, by, at: Date.UTC(2026, 10, 30) }]
    const judged = judgeByPerson(product, () => ({ score: 0.6, parts: [] }), verdicts) as Candidate
    const byRules: Candidate = { ...judged, decidedBy: 'rules', reason: 'sold by Nirvana on CD' }
    const links = [judged, byRules].map(toLink)
    const { links: told } = toAlbumEnriched(aRequest(), { ...enrichment(), links }, CIRCUMSTANCES)
    expect(told.map(({ reason }) => reason)).toEqual(['accepted by a person on 2026-11-30', byRules.reason])
    expect(links[0]?.reason).toBe(`accepted by ${by} on 2026-11-30`)
  },
)
