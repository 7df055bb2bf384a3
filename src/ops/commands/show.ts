import { loadConfig } from '../../config.ts'
import { formatMinorUnits } from '../../enrich/price-minor.ts'
import { formatCandidates, nameAlbum } from '../album-card.ts'
import { escapeText, formatTable } from '../format-table.ts'
import { readStory, type Story } from '../read-story.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

/** `show ID`: the story of an album, or of the album of a request. */
export async function showCommand(id: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const story = await withServers(config, ({ db }) => readStory(db, id))
  if (json) printJson(story)
  else print(escapeText(formatStory(story)))
}

function formatStory({ album, requests, candidates, links, artwork }: Story): string {
  const parts = [`${nameAlbum(album)} (album ${album.albumId})`]
  const rows = requests.map(({ requestId, run, reason, requestedAt, attempts, decision, outcome, durationMs }) => [
    requestedAt,
    requestId,
    reason,
    String(attempts),
    String(run),
    outcome ?? (decision === 'retry' ? 'waits to be retried' : (decision ?? 'in flight')),
    durationMs === null ? '-' : `${(durationMs / 1_000).toFixed(1)} s`,
  ])
  parts.push(formatTable(['requested', 'request', 'reason', 'attempts', 'run', 'outcome', 'took'], rows))
  const failures = requests.flatMap(({ failures }) => failures)
  if (failures.length > 0) {
    const lines = failures.map(({ at, attempt, stage, code, message }) => [at, String(attempt), stage, code, message])
    parts.push(formatTable(['failed', 'attempt', 'stage', 'code', 'why'], lines))
  }
  if (candidates.length > 0) parts.push(formatCandidates(candidates))
  if (links.length > 0) {
    const lines = links.map(({ asin, url, priceMinor, currency, withdrawnAt }) => [
      asin,
      priceMinor !== null && currency !== null ? formatMinorUnits(priceMinor, currency) : '-',
      withdrawnAt === null ? 'linked' : `withdrawn ${withdrawnAt}`,
      url,
    ])
    parts.push(formatTable(['link', 'price', 'state', 'url'], lines))
  }
  if (artwork !== null)
    parts.push(`artwork: ${artwork.status} ${artwork.key ?? artwork.url ?? artwork.errorCode ?? ''}`.trim())
  return parts.join('\n\n')
}
