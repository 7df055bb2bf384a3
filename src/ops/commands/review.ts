import { readAsinOrUrl } from '../../amazon/read-asin.ts'
import { isSet, loadConfig } from '../../config.ts'
import type { Database } from '../../db/database.ts'
import { timeRequest } from '../../db/forgotten.ts'
import { readLane, type StoredLane } from '../../db/lane.ts'
import { EnrichmentError } from '../../errors.ts'
import { groupNames, openCodecs, topicNames } from '../../kafka/event-topics.ts'
import { exportVerdicts } from '../export-verdicts.ts'
import { formatTable, shorten } from '../format-table.ts'
import { listReviews } from '../list-reviews.ts'
import { decideReview, type PersonDecision, type Review, readReview, tellDecisions } from '../review.ts'
import { formatDecision, formatReview } from '../review-card.ts'
import {
  marketplaceToDecide,
  marketplaceToShow,
  ownMarketplace,
  type WantedMarketplace,
} from '../review-marketplace.ts'
import { print, printJson } from './output.ts'
import { userName } from './user-name.ts'
import { withTables } from './with-servers.ts'
import { writeFileAsRead } from './write-file.ts'

interface Options {
  json?: true
  marketplace?: string
}

interface DecideOptions extends Options {
  by?: string
}

interface ListOptions {
  json?: true
  all?: boolean
  limit?: string
}

/** `review list`: albums that wait for a person, the longest waiting first; without a limit a hundred, for scripts all. */
export async function reviewListCommand({ json, all = false, limit: text }: ListOptions): Promise<void> {
  const limit = text === undefined ? (json ? MOST_ROWS : FIRST_ROWS) : toLimit(text)
  const config = loadConfig(['kafka', 'registry', 'database'])
  const { items, total } = await withTables(config, ({ db }) => listReviews(db, { all, limit }))
  if (json) return printJson({ items, total })
  if (items.length === 0) return print('no album waits for a person')
  const rows = items.map(({ albumId, artists, title, open, isLinked, since, marketplace }) => [
    since,
    albumId,
    String(open),
    isLinked ? 'linked' : 'no link',
    marketplace,
    shorten(`${artists} – ${title}`, 80),
  ])
  print(formatTable(['since', 'album', 'open', 'state', 'marketplace', 'what'], rows))
  if (total > items.length) print(`and ${total - items.length} more: --limit ${total} shows all`)
}

/** More than a person looks through. */
const FIRST_ROWS = 100
/** As PostgreSQL's limit, which no list of ours reaches. */
const MOST_ROWS = 2 ** 31 - 1

function toLimit(text: string): number {
  const limit = Number(text)
  if (/^[0-9]+$/.test(text) && limit >= 1 && limit <= MOST_ROWS) return limit
  const wants = `wants a whole number from 1 to ${MOST_ROWS}`
  throw new EnrichmentError('CONFIG_INVALID', `--limit is ${JSON.stringify(text)}: ${wants}`)
}

/** `review show ALBUM_ID`: the album beside its candidates, by number. */
export async function reviewShowCommand(albumId: string, { json, marketplace }: Options): Promise<void> {
  const config = loadReviewConfig()
  const { review, own } = await withTables(config, async ({ db }) => {
    const wanted = await wantMarketplace(db, albumId, marketplace, config)
    return { ...wanted, review: await readReview(db, albumId, await marketplaceToShow(db, albumId, wanted)) }
  })
  if (json) printJson(review)
  else print(formatReview(review, own))
}

/** Of Amazon's settings its site alone is wanted: who reviews needs no key. */
const loadReviewConfig = () => loadConfig(['kafka', 'registry', 'database', 'AMAZON_MARKETPLACE'])

async function wantMarketplace(
  db: Database,
  albumId: string,
  named: string | undefined,
  { AMAZON_MARKETPLACE: setting }: ReturnType<typeof loadReviewConfig>,
): Promise<WantedMarketplace> {
  return { named, own: await ownMarketplace(db, albumId, { setting, isGiven: isSet('AMAZON_MARKETPLACE') }) }
}

/** `review accept ALBUM_ID NUMBER|ASIN ...` */
export const reviewAcceptCommand = (albumId: string, which: string[], options: DecideOptions) =>
  decide(albumId, options, (review) => toDecisions(review, which, 'accept'))

/** `review reject ALBUM_ID NUMBER|ASIN ...` */
export const reviewRejectCommand = (albumId: string, which: string[], options: DecideOptions) =>
  decide(albumId, options, (review) => toDecisions(review, which, 'reject'))

/** `review add ALBUM_ID ASIN`: links a product that was not found. */
export const reviewAddCommand = (albumId: string, asin: string, options: DecideOptions) =>
  decide(albumId, options, () => [{ asin: toAsin(asin), verdict: 'accept' }])

/** `review undo ALBUM_ID [NUMBER|ASIN ...]`: takes verdicts back, without a name all of the album's; it is searched for anew. */
export const reviewUndoCommand = (albumId: string, which: string[], options: DecideOptions) =>
  decide(albumId, options, (review) => {
    const given = new Set(review.verdicts.map(({ asin }) => asin))
    // Amazon may not know what was added.
    const toWanted = (one: string) => {
      const asin = readAsinOrUrl(one)
      return asin !== undefined && given.has(asin) ? asin : findAsin(review, one)
    }
    const wanted = which.length === 0 ? [...given] : which.map(toWanted)
    const missing = wanted.filter((asin) => !given.has(asin))
    if (wanted.length > 0 && missing.length === 0) return wanted.map((asin) => ({ asin, verdict: null }))
    const message = `no person has decided about ${missing.join(', ') || 'any product'} of album ${albumId}`
    throw new EnrichmentError('RECORD_INVALID', `${message}: see \`review show ${albumId}\``)
  })

/** `review export FILE`: every verdict of a person as a labelled pair, a line each, as `npm run eval` reads them. */
export async function reviewExportCommand(file: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  let pairs = 0
  const tell = await withTables(config, ({ db }) =>
    writeFileAsRead(file, async (append) => {
      for await (const page of exportVerdicts(db)) {
        await append(page.map((pair) => `${JSON.stringify(pair)}\n`).join(''))
        pairs += page.length
      }
    }),
  )
  tell(json ? JSON.stringify({ file, pairs }) : `${pairs} labelled pairs written to ${file}`)
}

async function decide(
  albumId: string,
  { json, marketplace, by }: DecideOptions,
  choose: (review: Review) => PersonDecision[],
): Promise<void> {
  const config = loadReviewConfig()
  const { decisions, requestId, lane } = await withTables(config, async ({ db, registry }) => {
    const codecs = await openCodecs(config, registry)
    const wanted = await wantMarketplace(db, albumId, marketplace, config)
    const requestedAt = await timeRequest(db)
    const review = await readReview(db, albumId, await marketplaceToDecide(db, albumId, wanted))
    const decisions = choose(review)
    const how = { topic: topicNames(config).express, by: readName(by), requestedAt }
    const requestId = await decideReview(db, codecs, review, decisions, how)
    const lane = await readLane(db, groupNames(config).worker)
    return { decisions: tellDecisions(review, decisions), requestId, lane }
  })
  if (json) return printJson({ albumId, decisions, requestId })
  for (const decision of decisions) print(formatDecision(decision))
  print(`the relay sends request ${requestId}; its result follows ${tellWhen(lane)}`)
  print(`\`review show ${albumId}\` says when it is applied`)
}

function tellWhen({ state, changedBy, changedAt, holds: [hold] }: StoredLane): string {
  if (state === 'paused') return `once the lane goes on: it is paused by ${changedBy} since ${changedAt?.toISOString()}`
  if (hold === undefined) return 'within seconds'
  return `once the lane goes on: it is held for ${hold.cause} since ${hold.since} (see \`status\`)`
}

/** Who decides: in a container the user of the shell is everybody's. */
function readName(by: string | undefined): string {
  if (by === undefined) return userName()
  const name = by.trim()
  if (name !== '' && name.length <= LONGEST_NAME) return name
  const wants = `wants a name of 1 to ${LONGEST_NAME} characters`
  throw new EnrichmentError('CONFIG_INVALID', `--by is ${JSON.stringify(by)}: ${wants}`)
}

const LONGEST_NAME = 100

function toDecisions(review: Review, which: string[], verdict: 'accept' | 'reject'): PersonDecision[] {
  return [...new Set(which.map((one) => findAsin(review, one)))].map((asin) => ({ asin, verdict }))
}

/** @param which a candidate's number, or its ASIN or page */
function findAsin({ album, candidates }: Review, which: string): string {
  const asin = readAsinOrUrl(which)
  const found = candidates.find(({ number, product }) => String(number) === which || product.asin === asin)
  if (found !== undefined) return found.product.asin
  const { albumId } = album
  const message = `album ${albumId} has no candidate ${which}, but 1 to ${candidates.length}`
  throw new EnrichmentError('RECORD_INVALID', `${message}: see \`review show ${albumId}\`, or use \`review add\``)
}

function toAsin(text: string): string {
  const asin = readAsinOrUrl(text)
  if (asin !== undefined) return asin
  const wants = "wants ten letters and digits, or the address of a product's page"
  throw new EnrichmentError('RECORD_INVALID', `ASIN is ${JSON.stringify(text)}: ${wants}`)
}
