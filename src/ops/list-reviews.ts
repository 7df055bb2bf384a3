import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'
import type { Album } from '../events.ts'

/** An album that a person has something to decide about. */
export interface ReviewItem {
  albumId: string
  marketplace: string
  title: string
  artists: string
  /** Candidates that nobody and nothing has decided about. */
  open: number
  /** Whether it is linked already, by other candidates. */
  isLinked: boolean
  /** Since when the oldest of them is open, ISO 8601. */
  since: string
}

/**
 * What waits, by album and marketplace, for a verdict: one that is only not applied yet was given. Of an album that was
 * forgotten nothing waits.
 */
const waiting = (where = '') => `
      select album_id, marketplace, count(*)::int as open, min(coalesce(open_since, judged_at)) as since
      from candidate c where verdict = 'open' ${where} and not exists (
        select from person_verdict p
        where p.album_id = c.album_id and p.marketplace = c.marketplace and p.asin = c.asin)
      group by album_id, marketplace`
const IS_LINK = 'l.album_id = o.album_id and l.marketplace = o.marketplace and l.withdrawn_at is null'

interface ReviewRow {
  album_id: string
  marketplace: string
  facts: Album
  open: number
  is_linked: boolean
  since: string
  total: number
}

/** Facts are large: only those of the albums that are told are read. */
const FIND_REVIEWS: Statement<ReviewRow> = {
  name: 'select candidate open',
  text: `
    with review as (select o.*, exists (select from external_link l where ${IS_LINK}) as is_linked from (${waiting()}) o),
    page as (
      select *, count(*) over ()::int as total from review where $1 or not is_linked
      order by since, album_id, marketplace limit $2)
    select p.album_id, p.marketplace, a.facts, p.open, p.since::text as since, p.is_linked, p.total
    from page p join album a on a.album_id = p.album_id order by p.since, p.album_id, p.marketplace`,
}
/** Looks for each one's link by its key: joined as a whole, by `not exists`, all links there are would be read each time. */
const COUNT_REVIEWS: Statement<{ open: number; oldest: number | null }> = {
  name: 'select candidate open count',
  text: `
    select count(*)::int as open, (extract(epoch from min(since)) * 1000)::float8 as oldest
    from (${waiting('and marketplace = $1')}) o
    left join lateral (select 1 as is_linked from external_link l where ${IS_LINK} limit 1) k on true
    where k.is_linked is null`,
}

/** Albums that wait, and how many of them there are in all. */
export interface Reviews {
  items: ReviewItem[]
  total: number
}

/**
 * Albums with open candidates, the longest waiting first.
 *
 * @param all also those that are linked by other candidates
 * @param limit how many are told, at least 1
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function listReviews(db: Database, { all, limit }: { all: boolean; limit: number }): Promise<Reviews> {
  const rows = await db.run(FIND_REVIEWS, [all, limit])
  const items = rows.map(({ album_id, marketplace, facts, open, is_linked, since }) => ({
    albumId: album_id,
    marketplace,
    title: facts.title,
    artists: facts.artists.map(({ name }) => name).join(', '),
    open,
    isLinked: is_linked,
    since: new Date(since).toISOString(),
  }))
  return { items, total: rows[0]?.total ?? 0 }
}

/**
 * How many albums with open candidates have no link at all on a marketplace, and since when the first of them waits, in
 * milliseconds since 1970: null where there is none.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function countReviews(
  db: Database,
  marketplace: string,
): Promise<{ open: number; oldest: number | null }> {
  const [counted] = await db.run(COUNT_REVIEWS, [marketplace])
  return counted ?? { open: 0, oldest: null }
}
