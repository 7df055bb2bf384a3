import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

/** Hours that what Amazon told may be kept; 0: for ever. */
export interface Lifetimes {
  /** Of what it told of candidates, but for ASIN, link, title and artists. */
  candidateFacts: number
  /** Of candidates' prices, conditions and availabilities. */
  candidatePrices: number
  /** Of those of links, and their ranks. */
  linkPrices: number
}

const ROWS_AT_ONCE = 2_000
const HOUR_MS = 3_600_000

const FETCHED_AT = `(product ->> 'fetchedAt')::bigint`
/** By name, so that a build which looks for them finds them unknown. */
const NO_PRICES = `'{"price": null, "condition": null, "availability": null, "arePricesEnded": true}'`
const NO_FACTS = `'{"brand": null, "manufacturer": null, "binding": null, "productGroup": null, "edition": null, "formats": [],
  "releaseDate": null, "barcodes": [], "salesRank": null, "image": null, "fetchedAt": -1}'`

/** How many rows were changed, and when the newest of them was told; null: none was. */
interface Page {
  rows: number
  last: number | null
}
const TELL_PAGE = 'select count(*)::int as rows, max(at)::float8 as last from ended'

/**
 * A page of a table's rows, told from one time on and before another. Where a worker has one in hand it is passed over: its
 * turn comes. Each page begins where the one before ended: an old snapshot, as of a backup, keeps what has ended in the
 * index, and to walk it again for each would take longer with every page.
 */
const endCandidates = (which: string, change: string) => `
  with page as (
    select album_id, marketplace, asin, ${FETCHED_AT} as at from candidate
    where ${FETCHED_AT} > 0 and ${which} and ${FETCHED_AT} < $1 and ${FETCHED_AT} >= $2
    order by ${FETCHED_AT} limit ${ROWS_AT_ONCE} for update skip locked),
  ended as (
    update candidate c set product = ${change} from page
    where c.album_id = page.album_id and c.marketplace = page.marketplace and c.asin = page.asin
    returning page.at)
  ${TELL_PAGE}`

const ENDINGS: { lifetime: keyof Lifetimes; page: Statement<Page> }[] = [
  {
    lifetime: 'candidateFacts',
    page: { name: 'update candidate facts', text: endCandidates('true', `product || ${NO_PRICES} || ${NO_FACTS}`) },
  },
  {
    lifetime: 'candidatePrices',
    page: {
      name: 'update candidate prices',
      text: endCandidates(`not jsonb_exists(product, 'arePricesEnded')`, `product || ${NO_PRICES}`),
    },
  },
  {
    lifetime: 'linkPrices',
    page: {
      name: 'update external_link prices',
      text: `
      with page as (
        select album_id, marketplace, asin, floor(extract(epoch from priced_at) * 1000) as at from external_link
        where priced_at is not null and priced_at < to_timestamp($1::float8 / 1000)
          and priced_at >= to_timestamp($2::float8 / 1000)
        order by priced_at limit ${ROWS_AT_ONCE} for update skip locked),
      ended as (
        update external_link l set price_minor = null, currency = null, condition = null, availability = null,
          priced_at = null, sales_rank = null
        from page where l.album_id = page.album_id and l.marketplace = page.marketplace and l.asin = page.asin
        returning page.at)
      ${TELL_PAGE}`,
    },
  },
]

/**
 * Ends what Amazon told longer ago than it may be kept, some thousands of rows a statement.
 *
 * @param now milliseconds since 1970
 * @returns how many rows were changed, by class
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function endFacts(
  db: Database,
  lifetimes: Lifetimes,
  now: number,
  stop: AbortSignal,
): Promise<Record<keyof Lifetimes, number>> {
  const ended = { candidateFacts: 0, candidatePrices: 0, linkPrices: 0 }
  for (const { lifetime, page } of ENDINGS) {
    const hours = lifetimes[lifetime]
    if (hours === 0) continue
    let from = 0
    for (let rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE && !stop.aborted; ended[lifetime] += rows) {
      const [told] = await db.run(page, [now - hours * HOUR_MS, from])
      rows = told?.rows ?? 0
      from = told?.last ?? from
    }
  }
  return ended
}
