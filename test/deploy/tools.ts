import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CHART = join(ROOT, 'helm/album-enricher')

const FOLDERS = [
  join(process.env.PYTHON_VENV ?? '/nowhere', 'bin'),
  join(homedir(), 'go/bin'),
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
]

/** Where a tool of the deployment's checks is; undefined when it is not installed. */
export function findTool(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find(existsSync)
}

/** Whether to skip: on a developer's machine a missing tool has nothing to say, in CI it is a failure. */
export function lacks(...names: string[]): boolean {
  return process.env.CI !== 'true' && names.some((name) => findTool(name) === undefined)
}

/** Runs a tool to its end; the text it wrote. @throws Error with it when the tool fails */
export async function runTool(name: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const path = findTool(name) ?? name
  const options = { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 16_000_000 }
  try {
    const { stdout, stderr } = await promisify(execFile)(path, args, options)
    return `${stdout}${stderr}`
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    throw new Error(`${message}\n${stdout}${stderr}`)
  }
}
