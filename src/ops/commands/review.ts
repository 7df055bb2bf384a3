import { isAsin } from '../../amazon/read-asin.ts'
import { isSet, loadConfig } from '../../config.ts'
import type { Database } from '../../db/database.ts'
import { timeRequest } from '../../db/forgotten.ts'
import { EnrichmentError } from '../../errors.ts'
import { openCodecs, topicNames } from '../../kafka/event-topics.ts'
import { formatCandidates, nameAlbum } from '../album-card.ts'
import { exportVerdicts } from '../export-verdicts.ts'
import { escapeText, formatTable, shorten } from '../format-table.ts'
import { listReviews } from '../list-reviews.ts'
import { decideReview, type PersonDecision, type Review, readReview } from '../review.ts'
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
  print(escapeText(formatTable(['since', 'album', 'open', 'state', 'marketplace', 'what'], rows)))
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
  else print(escapeText(formatReview(review, own)))
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

function formatReview({ album, marketplace, candidates, verdicts }: Review, own: string): string {
  const { albumId, barcodes, releaseYear } = album
  const facts = [`album ${albumId}`, marketplace, ...(releaseYear ? [`of ${releaseYear}`] : []), ...barcodes]
  const known = new Set(candidates.map(({ product }) => product.asin))
  const unknown = verdicts
    .filter(({ asin }) => !known.has(asin))
    .map(({ asin, verdict, by, at }) => `${asin}: ${verdict} by ${by} at ${at}; Amazon has not told it yet`)
  const table =
    candidates.length === 0
      ? 'no candidates'
      : formatCandidates(candidates)
          .split('\n')
          .map((line, index) => String(candidates[index - 1]?.number ?? '#').padEnd(4) + line)
          .join('\n')
  const how = `review accept|reject ${albumId} NUMBER|ASIN ... decides; review add ${albumId} ASIN links another product`
  const what = marketplace === own ? how : `with the settings of the lane of ${marketplace}: ${how}`
  return [nameAlbum(album), facts.join(', '), '', table, ...unknown, '', what].join('\n')
}

/** `review accept ALBUM_ID NUMBER|ASIN ...` */
export const reviewAcceptCommand = (albumId: string, which: string[], options: Options) =>
  decide(albumId, options, (review) => toDecisions(review, which, 'accept'))

/** `review reject ALBUM_ID NUMBER|ASIN ...` */
export const reviewRejectCommand = (albumId: string, which: string[], options: Options) =>
  decide(albumId, options, (review) => toDecisions(review, which, 'reject'))

/** `review add ALBUM_ID ASIN`: links a product that was not found. */
export const reviewAddCommand = (albumId: string, asin: string, options: Options) =>
  decide(albumId, options, () => [{ asin: toAsin(asin), verdict: 'accept' }])

/** `review undo ALBUM_ID [NUMBER|ASIN ...]`: takes verdicts back, without a name all of the album's; it is searched for anew. */
export const reviewUndoCommand = (albumId: string, which: string[], options: Options) =>
  decide(albumId, options, (review) => {
    const given = new Set(review.verdicts.map(({ asin }) => asin))
    const wanted = which.length === 0 ? [...given] : which.map((one) => findAsin(review, one))
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
  { json, marketplace }: Options,
  choose: (review: Review) => PersonDecision[],
): Promise<void> {
  const config = loadReviewConfig()
  const { decisions, requestId } = await withTables(config, async ({ db, registry }) => {
    const codecs = await openCodecs(config, registry)
    const wanted = await wantMarketplace(db, albumId, marketplace, config)
    const requestedAt = await timeRequest(db)
    const review = await readReview(db, albumId, await marketplaceToDecide(db, albumId, wanted))
    const decisions = choose(review)
    const how = { topic: topicNames(config).express, by: userName(), requestedAt }
    const requestId = await decideReview(db, codecs, review, decisions, how)
    const titles = new Map(review.candidates.map(({ product }) => [product.asin, product.title]))
    return { decisions: decisions.map((one) => ({ ...one, title: titles.get(one.asin) ?? null })), requestId }
  })
  if (json) return printJson({ albumId, decisions, requestId })
  const words = { accept: 'accepted', reject: 'rejected' }
  for (const { asin, verdict, title } of decisions)
    print(escapeText(`${verdict === null ? 'taken back' : words[verdict]}: ${asin} ${title ?? ''}`.trimEnd()))
  print(`the relay sends request ${requestId}; its result follows within seconds`)
}

function toDecisions(review: Review, which: string[], verdict: 'accept' | 'reject'): PersonDecision[] {
  return [...new Set(which.map((one) => findAsin(review, one)))].map((asin) => ({ asin, verdict }))
}

/** @param which a candidate's number, or an ASIN of one */
function findAsin({ album, candidates }: Review, which: string): string {
  const found = candidates.find(({ number, product }) => String(number) === which || product.asin === which)
  if (found !== undefined) return found.product.asin
  const { albumId } = album
  const message = `album ${albumId} has no candidate ${which}, but 1 to ${candidates.length}`
  throw new EnrichmentError('RECORD_INVALID', `${message}: see \`review show ${albumId}\`, or use \`review add\``)
}

function toAsin(text: string): string {
  if (isAsin(text)) return text
  throw new EnrichmentError('RECORD_INVALID', `ASIN is ${JSON.stringify(text)}: wants ten capital letters and digits`)
}
