import type { Database } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { PersonVerdictRow } from '../db/entities/person-verdict.entity.ts'

/** A person's verdict as a labelled pair: what `npm run eval` reads. */
export interface LabelledPair {
  album: { title: string; artists: string[]; releaseYear: number | null }
  product: { asin: string; title: string; artist: string | null; binding: string | null; releaseDate: string | null }
  label: 'match' | 'no_match'
  why: string
  labelledBy: string
}

/** Every verdict of a person whose product is known, oldest first. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function exportVerdicts(db: Database): Promise<LabelledPair[]> {
  return db.query(async (em) => {
    const verdicts = await em.find(PersonVerdictRow, {}, { orderBy: { decidedAt: 'asc' } })
    const pairs: LabelledPair[] = []
    for (const { albumId, marketplace, asin, verdict, decidedBy, decidedAt } of verdicts) {
      const album = await em.findOne(AlbumRow, { albumId })
      const candidate = await em.findOne(CandidateRow, { albumId, marketplace, asin })
      if (album === null || candidate === null) continue
      const { title, artists, releaseYear } = album.facts
      const { product } = candidate
      const artist = product.contributors.map(({ name }) => name).join(' & ')
      pairs.push({
        album: { title, artists: artists.map(({ name }) => name), releaseYear },
        product: {
          asin,
          title: product.title,
          artist: artist === '' ? null : artist,
          binding: product.binding ?? null,
          releaseDate: product.releaseDate ?? null,
        },
        label: verdict === 'accept' ? 'match' : 'no_match',
        why: `a person's verdict of ${decidedAt.toISOString().slice(0, 10)}`,
        labelledBy: decidedBy,
      })
    }
    return pairs
  })
}
