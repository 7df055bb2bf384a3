import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'
import type { z } from 'zod'
import { findConnectionConflicts } from './connection-settings.ts'
import { EnrichmentError } from './errors.ts'
import { readRaw } from './read-raw.ts'
import { hideSecret, hideSecretReadAnew } from './redact.ts'
import { type Group, hideLogin, isDecodable, type Setting } from './setting.ts'
import { SETTINGS } from './settings.ts'

type Settings = typeof SETTINGS
type AllSettings = { [K in keyof Settings]: z.output<Settings[K]['schema']> }
type NamesOf<G extends Group> = { [K in keyof Settings]: Settings[K]['group'] extends G ? K : never }[keyof Settings]
/** Settings in force, by their names. */
export type Config<G extends Group = Group> = Pick<AllSettings, NamesOf<G>>

/** What the service as a whole needs. */
export const SERVICE = ['kafka', 'registry', 'database', 'amazon', 'model', 'artwork', 'service'] as const

/** For each setting of a config that came from a file, the file. */
const files = new WeakMap<object, Map<string, string>>()

/**
 * Reads the settings of the named groups, and single ones whose group is not wanted. Each may also stand in a file that
 * `NAME_FILE` names.
 *
 * @param wanted groups, and names of settings
 * @param env defaults to the process's environment, completed from `.env` in the working directory
 * @throws EnrichmentError CONFIG_INVALID that lists every wrong setting: name, what it got, what it wants
 */
export function loadConfig<W extends Group | keyof Settings>(
  wanted: readonly W[],
  env: NodeJS.ProcessEnv = environment(),
): Config<Extract<W, Group> | 'http'> & Pick<AllSettings, Extract<W, keyof Settings>> {
  const { config, mistakes, fromFiles } = readConfig(wanted, env)
  if (mistakes.length > 0) {
    throw new EnrichmentError('CONFIG_INVALID', `${mistakes.length} wrong setting(s):\n  ${mistakes.join('\n  ')}`)
  }
  files.set(config, fromFiles)
  return config as ReturnType<typeof loadConfig<W>>
}

/** What is wrong of the settings that the service needs, a line each; also what is wrong only in view of another one. */
export function findMistakes(): string[] {
  return readConfig(SERVICE, environment()).mistakes
}

function readConfig(wanted: readonly (Group | keyof Settings)[], env: NodeJS.ProcessEnv) {
  const isWanted = (one: string) => one === 'http' || (wanted as readonly string[]).includes(one)
  const config: Record<string, unknown> = {}
  const mistakes: string[] = []
  const fromFiles = new Map<string, string>()
  for (const [name, entry] of Object.entries(SETTINGS) as [string, Setting][]) {
    if (!isWanted(entry.group) && !isWanted(name)) continue
    const { raw, file, mistake } = readRaw(name, env)
    if (mistake !== undefined) {
      mistakes.push(mistake)
      continue
    }
    if (file !== undefined) fromFiles.set(name, file)
    const given = raw ?? (entry.default === '' ? undefined : entry.default)
    const parsed = entry.schema.safeParse(given)
    if (given !== undefined) hideSecrets(given, entry)
    if (parsed.success) config[name] = parsed.data
    else
      mistakes.push(
        `${name}: ${raw === undefined ? 'is not set' : `got ${entry.secret ? '(hidden)' : JSON.stringify(hideLogin(raw))}`}, wants ${entry.wants}`,
      )
  }
  mistakes.push(...findConflicts(config, isWanted), ...findConnectionConflicts(config))
  return { config, mistakes, fromFiles }
}

/**
 * A setting's value at this moment: one that came from a file is read anew, so that a password may change.
 *
 * @throws EnrichmentError CONFIG_INVALID when what the file holds now is wrong
 */
export function currentValue<C extends object, K extends keyof C & keyof Settings>(config: C, name: K): C[K] {
  const file = files.get(config)?.get(name)
  if (file === undefined) return config[name]
  const { schema, wants, ...rest }: Setting = SETTINGS[name]
  const { raw, mistake } = readRaw(name, { [`${name}_FILE`]: file })
  if (raw !== undefined) hideSecrets(raw, rest, hideSecretReadAnew)
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data as C[K]
  throw new EnrichmentError('CONFIG_INVALID', mistake ?? `${name}: what ${file} holds is not good, wants ${wants}`)
}

/** A setting's value, if that is secret, and the password where it is a URL with one. */
function hideSecrets(value: string, { secret }: Pick<Setting, 'secret'>, hide = hideSecret): void {
  if (secret) hide(value)
  const password = URL.parse(value)?.password ?? ''
  if (password !== '') hide(isDecodable(password) ? decodeURIComponent(password) : password)
}

/** What is wrong only in view of another setting. */
function findConflicts(config: Record<string, unknown>, isWanted: (group: Group) => boolean): string[] {
  const conflicts: string[] = []
  if (config.AMAZON_API === 'creators' && config.AMAZON_CREDENTIAL_VERSION === undefined) {
    conflicts.push(`AMAZON_CREDENTIAL_VERSION: is not set, wants ${SETTINGS.AMAZON_CREDENTIAL_VERSION.wants}`)
  }
  // `try` can do without a model, the service cannot: it would leave every album to the editors without a word.
  const isService = isWanted('model') && isWanted('service')
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
    const { raw, file, mistake } = readRaw(name, env)
    const value = raw ?? entry.default ?? null
    const isGood = entry.schema.safeParse(value === '' ? undefined : (value ?? undefined)).success
    const source = raw === undefined ? 'default' : file === undefined ? '' : `from ${file}`
    const tell = entry.tell ?? (entry.secret ? () => '(hidden)' : hideLogin)
    const note = mistake ?? (isGood ? source : `wants ${entry.wants}`)
    return { name, value: value && tell(value), note }
  })
}

/** Whether a setting that a verb can do without is there. */
export function isSet(name: keyof Settings): boolean {
  const { raw, file } = readRaw(name, environment())
  return raw !== undefined || file !== undefined
}

function environment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) loadEnvFile('.env')
  return process.env
}
