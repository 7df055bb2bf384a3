import { type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger }

/**
 * JSON lines on standard output. Messages are fixed sentences, everything variable is a field.
 * Levels: error, we must fix it; warn, somebody should look; info, a domain event; debug, how.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
