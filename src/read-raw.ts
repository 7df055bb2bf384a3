import { readFileSync } from 'node:fs'

/** A setting as it was given. An empty variable is an unset one: that is how compose files and charts leave one out. */
export function readRaw(name: string, env: NodeJS.ProcessEnv): { raw?: string; file?: string; mistake?: string } {
  const raw = env[name] || undefined
  const file = env[`${name}_FILE`] || undefined
  if (file === undefined) return raw === undefined ? {} : { raw }
  if (raw !== undefined) return { raw, mistake: `${name}: is set, and ${name}_FILE is set too: leave one of them out` }
  try {
    // Editors and `echo` end a file with a line feed that nobody means.
    const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return content === '' ? { file } : { raw: content, file }
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? error.code : error
    return { file, mistake: `${name}_FILE: ${file} cannot be read (${why})` }
  }
}
