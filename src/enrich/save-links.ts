import type { Album, Candidate } from '../album.ts'
import type { Database, EntityManager, Save } from '../db/database.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { ExternalLink } from '../db/entities/external-link.entity.ts'
import type { ProductLink } from '../events.ts'
import type { SavedLinks } from './enrich-album.ts'
import type { Match } from './match/match-album.ts'
import { rankAccepted, toLink } from './to-link.ts'

interface Context {
  marketplace: string
  requestId: string
  now: Date
}

/**
 * Stores every candidate with its verdict, links the accepted ones and withdraws links that no longer match, in one
 * transaction. Identity is (album, marketplace, ASIN), so a repeat doubles nothing.
 *
 * @param save one transaction of a lane's owner
 * @throws what `save` throws
 */
export async function saveLinks(save: Save, album: Album, match: Match, context: Context): Promise<SavedLinks> {
  const { albumId } = album
  const key = { albumId, marketplace: context.marketplace }
  return save(async (em) => {
    await saveCandidates(em, match, key, context)
    const earlier = new Map((await em.find(ExternalLink, key)).map((row) => [row.asin, row]))
    const links = rankAccepted(match.candidates).map((accepted) =>
      keepKnown(toLink(accepted), earlier.get(accepted.product.asin)),
    )
    const linked = new Set(links.map(({ asin }) => asin))
    // Also what this very request has withdrawn before, in a process that died before it could tell.
    const withdrawn = [...earlier.values()].filter(
      (row) => !linked.has(row.asin) && (row.withdrawnAt === null || row.requestId === context.requestId),
    )
    for (const row of withdrawn) {
      row.withdrawnAt ??= context.now
      row.requestId = context.requestId
    }
    await upsertLinks(em, links, key, context)
    return { links, withdrawnAsins: withdrawn.map(({ asin }) => asin).sort() }
  })
}

/** What Amazon does not tell today is unknown, not gone: the last it told stays, a price with its time. */
function keepKnown(link: ProductLink, known: ExternalLink | undefined): ProductLink {
  if (known === undefined) return link
  const salesRank = link.salesRank ?? known.salesRank ?? null
  const availability = link.availability ?? known.availability ?? null
  if (link.priceMinor !== null) return { ...link, salesRank, availability }
  const { priceMinor, currency, condition, pricedAt } = known
  return {
    ...link,
    salesRank,
    availability,
    priceMinor: priceMinor ?? null,
    currency: currency ?? null,
    condition: condition ?? null,
    pricedAt: pricedAt?.getTime() ?? null,
  }
}

type Key = { albumId: string; marketplace: string }

async function saveCandidates(em: EntityManager, match: Match, key: Key, { requestId, now }: Context): Promise<void> {
  if (match.candidates.length === 0) return
  const rows = match.candidates.map(({ product, verdict, decidedBy, score, parts, reason }) => ({
    ...key,
    asin: product.asin,
    product,
    verdict,
    decidedBy,
    score,
    parts,
    reason,
    modelName: decidedBy === 'model' ? (match.model?.name ?? null) : null,
    promptVersion: decidedBy === 'model' ? (match.model?.promptVersion ?? null) : null,
    requestId,
    judgedAt: now,
  }))
  await em.upsertMany(CandidateRow, rows)
}

async function upsertLinks(
  em: EntityManager,
  links: ProductLink[],
  key: Key,
  { requestId, now }: Context,
): Promise<void> {
  if (links.length === 0) return
  const rows = links.map((link) => ({
    ...key,
    ...link,
    pricedAt: link.pricedAt === null ? null : new Date(link.pricedAt),
    requestId,
    updatedAt: now,
    withdrawnAt: null,
  }))
  await em.upsertMany(ExternalLink, rows)
}

/** ASINs linked to the album now. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function findLinkedAsins(db: Database, albumId: string, marketplace: string): Promise<string[]> {
  const rows = await db.query((em) => em.find(ExternalLink, { albumId, marketplace, withdrawnAt: null }))
  return rows.map(({ asin }) => asin)
}

/** What earlier requests found of the album and linked, best first. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function findEarlier(
  db: Database,
  albumId: string,
  marketplace: string,
): Promise<Match & Pick<SavedLinks, 'links'>> {
  return db.query(async (em) => {
    const found = await em.find(CandidateRow, { albumId, marketplace })
    const candidates = found.map(toCandidate)
    const linked = new Map(
      (await em.find(ExternalLink, { albumId, marketplace, withdrawnAt: null })).map((row) => [row.asin, row]),
    )
    const accepted = candidates.filter(({ product }) => linked.has(product.asin))
    const links = rankAccepted(accepted).map((candidate) =>
      keepKnown(toLink(candidate), linked.get(candidate.product.asin)),
    )
    return { candidates, links, model: null }
  })
}

/** A stored candidate with its verdict. */
export function toCandidate({ product, verdict, decidedBy, score, parts, reason }: CandidateRow): Candidate {
  return { product, verdict, decidedBy, score: score == null ? null : Number(score), parts, reason }
}
