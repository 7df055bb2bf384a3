import type { Product } from '../album.ts'
import type { Database } from '../db/database.ts'
import type { CandidateRow } from '../db/entities/candidate.entity.ts'
import type { Statement } from '../db/prepared.ts'
import type { Album } from '../events.ts'

/** What the rules judge a product by. */
const JUDGED_BY = [
  'asin',
  'title',
  'contributors',
  'brand',
  'binding',
  'productGroup',
  'edition',
  'formats',
  'releaseDate',
  'barcodes',
] as const satisfies (keyof Product)[]

/** A person's verdict as a labelled pair: what `npm run eval` reads. What is not known, or is kept no longer, is left out. */
export interface LabelledPair {
  album: { title: string; artists: string[] } & Partial<Pick<Album, 'releaseYear' | 'barcodes'>> & {
      /** Those of the verdict's marketplace. */
      asins?: string[]
    }
  product: Pick<Product, 'asin' | 'title'> & Partial<Pick<Product, (typeof JUDGED_BY)[number]>>
  label: 'match' | 'no_match'
  why: string
  labelledBy: string
}

interface VerdictRow {
  album_id: string
  marketplace: string
  asin: string
  verdict: 'accept' | 'reject'
  decided_by: string
  decided_at: string
  facts: Album
  product: CandidateRow['product']
}

const ROWS_AT_ONCE = 1_000

const FIND_PAGE: Statement<VerdictRow> = {
  name: 'select person_verdict page',
  text: `
    select v.album_id, v.marketplace, v.asin, v.verdict, v.decided_by, v.decided_at::text as decided_at, a.facts, c.product
    from person_verdict v
      join album a on a.album_id = v.album_id
      join candidate c on c.album_id = v.album_id and c.marketplace = v.marketplace and c.asin = v.asin
    where (v.album_id, v.marketplace, v.asin) > ($1, $2, $3)
    order by v.album_id, v.marketplace, v.asin limit ${ROWS_AT_ONCE}`,
}

/**
 * Every verdict of a person whose product is known, by album, some at once: there may be more than memory has room for.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function* exportVerdicts(db: Database): AsyncGenerator<LabelledPair[]> {
  let last = { album_id: '', marketplace: '', asin: '' }
  for (;;) {
    const rows = await db.run(FIND_PAGE, [last.album_id, last.marketplace, last.asin])
    if (rows.length > 0) yield rows.map(toPair)
    const end = rows.at(-1)
    if (end === undefined || rows.length < ROWS_AT_ONCE) return
    last = end
  }
}

function toPair({ marketplace, asin, verdict, decided_by, decided_at, facts, product }: VerdictRow): LabelledPair {
  const { title, artists, releaseYear, barcodes, asins } = facts
  const judgedBy = Object.fromEntries(JUDGED_BY.map((name) => [name, product[name]]))
  return {
    album: {
      title,
      artists: artists.map(({ name }) => name),
      ...withoutUnknown({ releaseYear, barcodes, asins: asins[marketplace] }),
    },
    product: { asin, title: product.title, ...withoutUnknown(judgedBy) },
    label: verdict === 'accept' ? 'match' : 'no_match',
    why: `a person's verdict of ${new Date(decided_at).toISOString().slice(0, 10)}`,
    labelledBy: decided_by,
  }
}

function withoutUnknown<T extends object>(facts: T): Partial<T> {
  const isKnown = (value: unknown) => value != null && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => isKnown(value))) as Partial<T>
}
