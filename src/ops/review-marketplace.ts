import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'
import { EnrichmentError } from '../errors.ts'
import { isMarketplace, KNOWN_MARKETPLACES } from '../marketplaces.ts'

/** For which marketplace a review is wanted. */
export interface WantedMarketplace {
  /** By the person; undefined: not named. */
  named: string | undefined
  /** Of the settings, and so of the lane that a request of ours goes to. */
  own: string
}

/** The ledger's rows end; what is known of the album stays, and an album without any candidate has its artwork's row. */
const FIND_PLACES: Statement<{ marketplace: string }> = {
  name: 'select marketplaces of album',
  text: `
    select marketplace from candidate where album_id = $1
    union select marketplace from external_link where album_id = $1
    union select marketplace from artwork where album_id = $1
    union select marketplace from person_verdict where album_id = $1
    union select marketplace from enrichment where album_id = $1
    order by marketplace`,
}
const COUNT_LANES: Statement<{ lanes: number }> = {
  name: 'select lane count',
  text: `select count(*)::int as lanes from lane where name like '%.worker'`,
}

/**
 * The marketplace of the lane that the settings are of. Where they leave it out, and there is no second lane that could be
 * meant, it is where the album was looked for.
 *
 * @param setting AMAZON_MARKETPLACE, or its default
 * @param isGiven false: the default
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function ownMarketplace(
  db: Database,
  albumId: string,
  { setting, isGiven }: { setting: string; isGiven: boolean },
): Promise<string> {
  if (isGiven) return setting
  const [counted] = await db.run(COUNT_LANES, [])
  const [only, ...others] = (counted?.lanes ?? 0) > 1 ? [] : await findPlaces(db, albumId)
  return only === undefined || others.length > 0 ? setting : only
}

/**
 * The marketplace to show an album's candidates of: any may be looked at.
 *
 * @throws EnrichmentError RECORD_INVALID for a name that is none, or where one must be named; DATABASE_UNAVAILABLE
 */
export async function marketplaceToShow(
  db: Database,
  albumId: string,
  { named, own }: WantedMarketplace,
): Promise<string> {
  if (named !== undefined) return demandKnown(named)
  const places = await findPlaces(db, albumId)
  const [only, ...others] = places
  if (only === undefined || places.includes(own)) return own
  if (others.length === 0) return only
  const message = `album ${albumId} was looked for in ${places.join(', ')}: name one with --marketplace`
  throw new EnrichmentError('RECORD_INVALID', message)
}

/**
 * The marketplace to decide about, which is our own: the request that goes with a verdict reaches no other's lane.
 *
 * @throws EnrichmentError RECORD_INVALID for a name that is none, or an album that was looked for in others alone;
 *   CONFIG_INVALID for one that is not our own; DATABASE_UNAVAILABLE
 */
export async function marketplaceToDecide(
  db: Database,
  albumId: string,
  { named, own }: WantedMarketplace,
): Promise<string> {
  if (named !== undefined) {
    if (demandKnown(named) === own) return own
    throw new EnrichmentError('CONFIG_INVALID', `--marketplace is ${named}${lanesRemedy(own, named)}`)
  }
  const places = await findPlaces(db, albumId)
  if (places.length === 0 || places.includes(own)) return own
  const where = places.join(', ')
  const message = `album ${albumId} was looked for in ${where}${lanesRemedy(own, where)}, or name ${own} with --marketplace`
  throw new EnrichmentError('RECORD_INVALID', message)
}

const lanesRemedy = (own: string, other: string) =>
  `, but with these settings the lane of ${own} would get the request: decide with those of the lane of ${other} ` +
  '(AMAZON_MARKETPLACE and TOPIC_ENRICHMENT)'

function demandKnown(named: string): string {
  if (isMarketplace(named)) return named
  const message = `--marketplace is ${JSON.stringify(named)}: wants one of ${KNOWN_MARKETPLACES}`
  throw new EnrichmentError('RECORD_INVALID', message)
}

async function findPlaces(db: Database, albumId: string): Promise<string[]> {
  return (await db.run(FIND_PLACES, [albumId])).map(({ marketplace }) => marketplace)
}
