import { loadConfig } from '../../config.ts'
import { escapeText, formatTable } from '../format-table.ts'
import { readStatus, type Status } from '../read-status.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

/** `status`: the lane, what waits, what is in the air, what was given up. Exit status 1 when a server or a topic is away. */
export async function statusCommand({ json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const status = await withServers(config, (servers) => readStatus(config, servers))
  if (json) printJson(status)
  else print(formatStatus(status))
  if (Object.keys(status.away).length + (status.troubles ?? []).length > 0) process.exitCode = 1
}

function formatStatus({
  away,
  troubles,
  lane,
  holds,
  waiting,
  retries,
  inFlight,
  lastResultAt,
  deadLetters,
}: Status): string {
  const lines = Object.entries(away).map(([name, why]) => `${name} does not answer: ${escapeText(why)}`)
  lines.push(...(troubles ?? []).map((trouble) => `Kafka: ${escapeText(trouble)}`))
  if (lane?.state === 'paused')
    lines.push(`the lane is paused by ${lane.changedBy} since ${lane.changedAt}: resume lets it go on`)
  else if (lane) lines.push(`the lane is ${lane.state}`)
  for (const { cause, message, remedy, since } of holds ?? [])
    lines.push(`held for ${cause} since ${since}: ${escapeText(message)}`, `  what to do: ${escapeText(remedy)}`)
  if (inFlight !== null) lines.push(`${inFlight} albums in flight; last result ${lastResultAt ?? 'never'}`)
  if (waiting) {
    const rows = waiting.map(({ group, topic, records }) => [topic, group, String(records)])
    lines.push('', formatTable(['topic', 'group', 'waiting'], rows))
  }
  if (retries) lines.push('', formatRetries(retries))
  if (deadLetters) lines.push('', ...formatDeadLetters(deadLetters))
  return lines.join('\n')
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
