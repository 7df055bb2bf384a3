import { type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino'
import { redact } from './redact.ts'

export type { Logger }

/** Of an error's own fields. */
const DEEPEST = 4

/**
 * JSON lines on standard output. Messages are fixed sentences, everything variable is a field.
 * Levels: error, we must fix it; warn, somebody should look; info, a domain event; debug, how.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    // What a library threw is told as our own errors are.
    serializers: { err: (error) => redactAll(stdSerializers.err(error)) },
    formatters: { level: (label) => ({ level: label }) },
  })
}

/** A value whose texts may be told, for fields of what a library logs by itself. */
export function redactAll(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) return undefined
  if (Array.isArray(value)) return value.map((item) => redactAll(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactAll(item, depth + 1)]))
}
