import { loadConfig } from '../../config.ts'
import { formatMinorUnits } from '../../enrich/price-minor.ts'
import { toEnrichmentError } from '../../errors.ts'
import { topicNames } from '../../kafka/event-topics.ts'
import { formatCandidates, nameAlbum } from '../album-card.ts'
import { findLetters } from '../dead-letters.ts'
import { findWaiting } from '../find-waiting.ts'
import { escapeText, formatTable, shorten } from '../format-table.ts'
import { readStory, type Story } from '../read-story.ts'
import { print, printJson } from './output.ts'
import { withTables } from './with-servers.ts'

/** `show ID`: the story of an album, or of the album of a request; also while it only waits in a topic. */
export async function showCommand(id: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const { dead: topic } = topicNames(config)
  const story = await withTables(config, ({ kafka, registry, db }) =>
    readStory(db, id, async (of) => {
      try {
        const asked = [findWaiting(config, { kafka, registry }, of), findLetters({ kafka, db, topic }, of)] as const
        const [waiting, letters] = await Promise.all(asked)
        return { waiting, letters }
      } catch (error) {
        // What is stored is told all the same.
        process.stderr.write(`what waits is not told: ${toEnrichmentError(error).message}\n`)
        return null
      }
    }),
  )
  if (json) printJson(story)
  else print(escapeText(formatStory(story)))
}

/** The whole answer is in `--json`. */
const MAX_ANSWER = 160

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

function formatStory(story: Story): string {
  const { album, requests, waiting, deadLetters, candidates, links, artworks, modelCalls } = story
  const parts = album === null ? [] : [`${nameAlbum(album)} (album ${album.albumId})`]
  for (const { topic, partition, offset, ahead, since, dueAt, requestId } of waiting ?? []) {
    const what = requestId === null ? 'waits' : `request ${requestId} waits`
    const due = dueAt === null ? '' : `, due at ${dueAt}`
    parts.push(
      `${what} in ${topic} since ${since} (partition ${partition}, offset ${offset}), ${ahead} records before it${due}`,
    )
  }
  for (const { id, code, firstFailedAt } of deadLetters ?? [])
    parts.push(`a dead letter waits: ${id}, ${code}, since ${firstFailedAt}: see \`dead show ${id}\``)
  const rows = requests.map((request) => {
    const { requestId, run, reason, marketplace, requestedAt, attempts, durationMs, startedAt } = request
    return [
      requestedAt,
      requestId,
      marketplace,
      reason,
      String(attempts),
      String(run),
      stateOf(request),
      durationMs === null ? `${seconds(Date.now() - Date.parse(startedAt))} so far` : seconds(durationMs),
    ]
  })
  const header = ['requested', 'request', 'marketplace', 'reason', 'attempts', 'run', 'outcome', 'took']
  if (rows.length > 0) parts.push(formatTable(header, rows))
  const failures = requests.flatMap(({ failures }) => failures)
  if (failures.length > 0) {
    const lines = failures.map(({ at, attempt, stage, code, message }) => [at, String(attempt), stage, code, message])
    parts.push(formatTable(['failed', 'attempt', 'stage', 'code', 'why'], lines))
  }
  for (const [marketplace, found] of Map.groupBy(candidates, (candidate) => candidate.marketplace))
    parts.push(`candidates of ${marketplace}:\n${formatCandidates(found)}`)
  if (links.length > 0) {
    const lines = links.map(({ marketplace, asin, url, priceMinor, currency, withdrawnAt }) => [
      asin,
      marketplace,
      priceMinor !== null && currency !== null ? formatMinorUnits(priceMinor, currency) : '-',
      withdrawnAt === null ? 'linked' : `withdrawn ${withdrawnAt}`,
      url,
    ])
    parts.push(formatTable(['link', 'marketplace', 'price', 'state', 'url'], lines))
  }
  for (const { marketplace, status, key, url, errorCode } of artworks)
    parts.push(`artwork of ${marketplace}: ${status} ${key ?? url ?? errorCode ?? ''}`.trim())
  if (modelCalls.length > 0) {
    const lines = modelCalls.map((call) => [
      call.at,
      call.marketplace,
      `${call.model}, prompt ${call.promptVersion}`,
      call.result,
      String(call.candidates),
      `${call.inputTokens} + ${call.outputTokens}`,
      call.cost === null ? '-' : String(call.cost),
      seconds(call.latencyMs),
      shorten(call.answer.replace(/\s+/g, ' '), MAX_ANSWER),
    ])
    const columns = ['asked', 'marketplace', 'model', 'result', 'candidates', 'tokens', 'cost', 'took', 'answer']
    parts.push(formatTable(columns, lines))
  }
  return parts.join('\n\n')
}

function stateOf({ outcome, decision, stage, failures }: Story['requests'][number]): string {
  if (outcome !== null) return outcome
  if (decision === 'retry') return 'waits to be retried'
  if (decision !== null) return decision
  const last = failures.at(-1)
  return `in flight: ${stage}${last ? ` (failed before with ${last.code})` : ''}`
}
