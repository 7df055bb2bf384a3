import { existsSync, readFileSync } from 'node:fs'

/** The last 30 lines of a log, indented. */
export function tail(logFile: string): string {
  if (!existsSync(logFile)) return '  (none)'
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-30)
  return lines.map((line) => `  ${line}`).join('\n')
}
