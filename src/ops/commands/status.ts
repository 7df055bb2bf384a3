import { loadConfig } from '../../config.ts'
import type { Budget } from '../forecast-budget.ts'
import { escapeText, formatTable, shorten } from '../format-table.ts'
import { readStatus, type Status } from '../read-status.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

/** More in the air than this are told by --json alone. */
const MOST_TOLD = 10

/** `status`: the lane, what waits, what is in the air, what was given up. Exit status 2 for what is to be mended, 1 when a server is away. */
export async function statusCommand({ json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database', 'AMAZON_MARKETPLACE'])
  const status = await withServers(config, (servers) => readStatus(config, servers))
  if (json) printJson(status)
  else print(formatStatus(status))
  if (status.missing.length > 0) process.exitCode = 2
  else if (Object.keys(status.away).length + (status.troubles ?? []).length > 0) process.exitCode = 1
}

function formatStatus(status: Status): string {
  const { away, missing, troubles, lane, holds, members, waiting, retries, retryReasons } = status
  const { inFlight, albumsInFlight, lastResultAt, reviews, deadLetters } = status
  const lines = Object.entries(away).map(([name, why]) => `${name} does not answer: ${escapeText(why)}`)
  lines.push(...missing.map((what) => `to be mended: ${escapeText(what)}`))
  lines.push(...(troubles ?? []).map((trouble) => `Kafka: ${escapeText(trouble)}`))
  if (lane?.isPaused)
    lines.push(`the lane is paused by ${lane.changedBy} since ${lane.changedAt}: resume lets it go on`)
  const absent = (members ?? []).filter((group) => group.members === 0)
  // Without Kafka nobody can say that it runs, only that nothing was stored that keeps it; nor where something is missing.
  const isUnknown = away.kafka !== undefined || missing.length > 0 || absent.some(({ role }) => role === 'worker')
  if (lane && (lane.state === 'held' || !lane.isPaused))
    lines.push(
      isUnknown && lane.state === 'running' ? 'the lane is neither paused nor held' : `the lane is ${lane.state}`,
    )
  lines.push(...absent.map(({ role, group }) => `no ${role} runs: group ${group} has no member`))
  if (holds?.some(({ cause }) => cause.startsWith('intake_'))) lines.push('intake is held')
  for (const { cause, message, remedy, since } of holds ?? [])
    lines.push(`held for ${cause} since ${since}: ${escapeText(message)}`, `  what to do: ${escapeText(remedy)}`)
  if (inFlight !== null) lines.push(`${inFlight} albums in flight; last result ${lastResultAt ?? 'never'}`)
  if (albumsInFlight !== null && albumsInFlight.length <= MOST_TOLD)
    for (const { albumId, requestId, startedAt, stage } of albumsInFlight)
      lines.push(`  album ${escapeText(albumId)}: ${stage}, begun at ${startedAt}, request ${requestId}`)
  if (reviews !== null && reviews.open > 0)
    lines.push(`${reviews.open} albums wait for a person since ${reviews.oldestSince}: see \`review list\``)
  lines.push(...(status.amazon ?? []).map(formatBudget))
  if (waiting) {
    const rows = waiting.map(({ group, topic, records }) => [topic, group, String(records)])
    lines.push('', formatTable(['topic', 'group', 'waiting'], rows))
  }
  if (retries) lines.push('', formatRetries(retries))
  for (const { code, count, meaning, message } of retryReasons ?? [])
    lines.push(
      `  ${count} failed with ${escapeText(code)} (${meaning}), the newest: ${escapeText(shorten(message, 200))}`,
    )
  if (deadLetters) lines.push('', ...formatDeadLetters(deadLetters))
  return lines.join('\n')
}

function formatBudget(budget: Budget): string {
  const { perDay, speed, used, remaining, resetsAt, spentAt, backlogDoneAt, backlogStoppedBy } = budget
  const until = resetsAt === null ? 'which begin with the next request' : `${remaining} are left until ${resetsAt}`
  return [
    `${used} of the day's ${perDay} Amazon requests are used, ${until}`,
    ...(remaining > 0 && spentAt !== null ? [`going on like this they are spent at ${spentAt}`] : []),
    ...(speed < 1 ? [`at ${Math.round(speed * 100)} % of the rate, since Amazon asked to slow down`] : []),
    ...(backlogDoneAt === null ? [] : [`the albums that wait are through at ${backlogDoneAt}, at one request each`]),
    ...(backlogStoppedBy === null ? [] : [`the albums that wait do not get on: ${backlogStoppedBy}`]),
  ].join('; ')
}

function formatRetries(retries: NonNullable<Status['retries']>): string {
  const waiting = retries.filter(({ records }) => records > 0)
  if (waiting.length === 0) return 'no retries wait'
  return waiting.map(({ tier, records }) => `${records} retries wait in ${tier}`).join('\n')
}

function formatDeadLetters(deadLetters: NonNullable<Status['deadLetters']>): string[] {
  if (deadLetters.length === 0) return ['no dead letters']
  const lines = deadLetters.map(
    ({ code, count, meaning }) => `${count} dead letters with ${escapeText(code)}: ${meaning}`,
  )
  return [...lines, 'see `dead list`; `dead retry --code CODE` sends them again once the cause is gone']
}
