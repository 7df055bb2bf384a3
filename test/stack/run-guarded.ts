import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type GuardedOptions, spawnGuarded } from './guard.ts'
import { tail } from './tail.ts'

/**
 * Runs a command to its end; it does not outlive this process.
 *
 * @param folder gets its log, `log.txt`
 * @throws Error with its last lines unless it exits with 0
 */
export async function runGuarded(
  command: string,
  args: string[],
  folder: string,
  options: Omit<GuardedOptions, 'stdio' | 'cwd' | 'stopSignal'> = {},
): Promise<void> {
  const logFile = join(folder, 'log.txt')
  const log = openSync(logFile, 'a')
  const child = spawnGuarded(command, args, { ...options, cwd: folder, stopSignal: 'KILL', stdio: ['pipe', log, log] })
  closeSync(log)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} failed. Its last lines:\n${tail(logFile)}`)
}
