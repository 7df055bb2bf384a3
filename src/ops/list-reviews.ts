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
  /** When the oldest of them was found, ISO 8601. */
  since: string
}

/** Albums with open candidates; one that was forgotten has none. */
const REVIEWS = `
    with review as (
      select o.album_id, o.marketplace, a.facts, o.open, o.since, exists (
          select from external_link l
          where l.album_id = o.album_id and l.marketplace = o.marketplace and l.withdrawn_at is null
        ) as is_linked
      from (
        select album_id, marketplace, count(*)::int as open, min(judged_at) as since
        from candidate where verdict = 'open' group by album_id, marketplace
      ) o
      join album a on a.album_id = o.album_id)`

interface ReviewRow {
  album_id: string
  marketplace: string
  facts: Album
  open: number
  is_linked: boolean
  since: string
}

const FIND_REVIEWS: Statement<ReviewRow> = {
  name: 'select candidate open',
  text: `${REVIEWS}
    select album_id, marketplace, facts, open, since::text as since, is_linked
    from review where $1 or not is_linked order by review.since, album_id`,
}
const COUNT_REVIEWS: Statement<{ open: number; oldest: number | null }> = {
  name: 'select candidate open count',
  text: `${REVIEWS}
    select count(*)::int as open, (extract(epoch from min(since)) * 1000)::float8 as oldest
    from review where not is_linked`,
}

/**
 * Albums with open candidates, the longest waiting first.
 *
 * @param all also those that are linked by other candidates
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function listReviews(db: Database, { all }: { all: boolean }): Promise<ReviewItem[]> {
  const rows = await db.run(FIND_REVIEWS, [all])
  return rows.map(({ album_id, marketplace, facts, open, is_linked, since }) => ({
    albumId: album_id,
    marketplace,
    title: facts.title,
    artists: facts.artists.map(({ name }) => name).join(', '),
    open,
    isLinked: is_linked,
    since: new Date(since).toISOString(),
  }))
}

/**
 * How many albums with open candidates have no link at all, and since when the first of them waits, in milliseconds since
 * 1970: null where there is none.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function countReviews(db: Database): Promise<{ open: number; oldest: number | null }> {
  const [counted] = await db.run(COUNT_REVIEWS, [])
  return counted ?? { open: 0, oldest: null }
}
