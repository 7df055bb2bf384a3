import { type Config, isSet, loadConfig } from '../../config.ts'
import { Database } from '../../db/database.ts'
import { databaseAccess } from '../../db/database-access.ts'
import { Quota } from '../../db/quota.ts'
import { toEnrichmentError } from '../../errors.ts'
import { formatAlbumCard } from '../album-card.ts'
import { escapeText, formatTable } from '../format-table.ts'
import { tryAlbum } from '../try-album.ts'
import { print, printJson } from './output.ts'

/**
 * `try ARTIST TITLE`: enriches one album and stores nothing. Where DATABASE_URL is set it keeps one pace with the service
 * that uses the same Amazon account, and spends of the same day.
 */
export async function tryCommand(artist: string, title: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['amazon', 'model'])
  const slots = await openQuota(config)
  const { album, enrichment, requests, withoutModel } = await tryAlbum(artist, title, config, slots)
  if (json) return printJson({ album, requests, withoutModel, ...enrichment })
  const rows = requests.map(({ operation, query, status, result, products, durationMs }) => [
    operation,
    String(status ?? '-'),
    result,
    String(products),
    `${Math.round(durationMs)} ms`,
    query,
  ])
  print(formatTable(['Amazon request', 'status', 'result', 'products', 'took', 'query'], rows))
  print(`\n${escapeText(formatAlbumCard(album, enrichment))}`)
  if (withoutModel !== null) print(`the model was not asked: ${withoutModel}; what the rules left open stays open`)
}

/** @returns undefined without a database: then nobody is known to share the account with */
async function openQuota(config: Config<'amazon'>): Promise<Quota | undefined> {
  if (!isSet('DATABASE_URL')) return undefined
  const access = loadConfig(['database'])
  const db = new Database(access.DATABASE_URL, databaseAccess(access, 'try'))
  try {
    await db.checkMigrated()
  } catch (error) {
    // A trial is often the first thing done, before there are servers and tables.
    process.stderr.write(`the pace is kept without the service's: ${toEnrichmentError(error).message}\n`)
    return undefined
  }
  const { AMAZON_REQUESTS_PER_SECOND: perSecond, AMAZON_REQUESTS_PER_DAY: perDay } = config
  return new Quota(db, config.AMAZON_CREDENTIAL_ID, { perSecond, perDay })
}
