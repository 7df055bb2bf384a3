import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'
import type { z } from 'zod'
import { EnrichmentError } from './errors.ts'
import { type Group, SETTINGS, type Setting } from './settings.ts'

type Settings = typeof SETTINGS
type AllSettings = { [K in keyof Settings]: z.output<Settings[K]['schema']> }
type NamesOf<G extends Group> = { [K in keyof Settings]: Settings[K]['group'] extends G ? K : never }[keyof Settings]
/** Settings in force, by their names. */
export type Config<G extends Group = Group> = Pick<AllSettings, NamesOf<G>>

/**
 * Reads the settings of the named groups.
 *
 * @param env defaults to the process's environment, completed from `.env` in the working directory
 * @throws EnrichmentError CONFIG_INVALID that lists every wrong setting: name, what it got, what it wants
 */
export function loadConfig<G extends Group>(groups: readonly G[], env: NodeJS.ProcessEnv = environment()): Config<G> {
  const config: Record<string, unknown> = {}
  const mistakes: string[] = []
  for (const [name, entry] of Object.entries(SETTINGS) as [string, Setting][]) {
    if (!(groups as readonly Group[]).includes(entry.group)) continue
    // An empty variable is an unset one: that is how compose files and charts leave a setting out.
    const raw = env[name] === '' ? undefined : env[name]
    const given = raw ?? (entry.default === '' ? undefined : entry.default)
    const parsed = entry.schema.safeParse(given)
    if (parsed.success) config[name] = parsed.data
    else
      mistakes.push(
        `${name}: ${raw === undefined ? 'is not set' : `got ${entry.secret ? '(hidden)' : JSON.stringify(raw)}`}, wants ${entry.wants}`,
      )
  }
  mistakes.push(...findConflicts(config, groups))
  if (mistakes.length > 0) {
    throw new EnrichmentError('CONFIG_INVALID', `${mistakes.length} wrong setting(s):\n  ${mistakes.join('\n  ')}`)
  }
  return config as Config<G>
}

/** What is wrong only in view of another setting. */
function findConflicts(config: Record<string, unknown>, groups: readonly Group[]): string[] {
  const conflicts: string[] = []
  if (config.AMAZON_API === 'creators' && config.AMAZON_CREDENTIAL_VERSION === undefined) {
    conflicts.push(`AMAZON_CREDENTIAL_VERSION: is not set, wants ${SETTINGS.AMAZON_CREDENTIAL_VERSION.wants}`)
  }
  // `try` can do without a model, the service cannot: it would leave every album to the editors without a word.
  const isService = groups.includes('model') && groups.includes('service')
  if (isService && config.MODEL_USE !== 'never' && config.OPENAI_API_KEY === undefined) {
    conflicts.push('OPENAI_API_KEY: is not set, wants an API key, or MODEL_USE=never')
  }
  return conflicts
}

/** Every setting with its value in force, as people may see it. */
export function describeConfig(
  env: NodeJS.ProcessEnv = environment(),
): { name: string; value: string | null; note: string }[] {
  return Object.entries<Setting>(SETTINGS).map(([name, entry]) => {
    const raw = env[name] === '' ? undefined : env[name]
    const value = raw ?? entry.default ?? null
    const isGood = entry.schema.safeParse(value === '' ? undefined : (value ?? undefined)).success
    const note = isGood ? (raw === undefined ? 'default' : '') : `wants ${entry.wants}`
    return { name, value: entry.secret && value ? '(hidden)' : value, note }
  })
}

function environment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) loadEnvFile('.env')
  return process.env
}
