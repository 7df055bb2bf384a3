import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let guard: Socket | undefined

/** Tells guard.sh, which is started with the first line and ends right after this process. */
function tellGuard(line: string): void {
  if (!guard) {
    const script = fileURLToPath(new URL('guard.sh', import.meta.url))
    // Detached: Ctrl-C goes to the whole foreground group, and would take the guard before its work.
    const child = spawn('/bin/sh', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' })
    child.unref()
    guard = child.stdin as Socket
    guard.unref()
  }
  guard.write(`${line}\n`)
}

export interface GuardedOptions extends SpawnOptions {
  /** What the guard ends it with. */
  stopSignal: 'KILL' | 'QUIT'
}

/** Starts a process, in a group of its own, that does not outlive this one. */
export function spawnGuarded(command: string, args: string[], options: GuardedOptions): ChildProcess {
  const { stopSignal, ...rest } = options
  // It becomes the command only when told so: were this process killed before the guard knows it, it would just end.
  const wait = ['-c', 'read -r go && exec "$@" </dev/null', 'guarded', command, ...args]
  const child = spawn('/bin/sh', wait, { ...rest, detached: true })
  const pid = child.pid
  if (pid === undefined || !child.stdin) throw new Error(`${command} could not be started`)
  tellGuard(`process ${pid} ${stopSignal}`)
  child.once('exit', () => tellGuard(`forget ${pid}`))
  child.stdin.end('go\n')
  return child
}

/** A new folder that is removed when this process ends; everybody may enter it. */
export function createGuardedFolder(name: string, parent = commonFolder()): string {
  const folder = join(parent, `${name}-${randomUUID().slice(0, 8)}`)
  tellGuard(`folder ${folder}`)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** Whether every user may enter the folder: servers that refuse to run as root run as somebody else. */
export function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o005) !== 0o005) return false
  const parent = dirname(folder)
  return parent === folder || isEnterable(parent)
}

function isEnterable(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false
  const parent = dirname(folder)
  return parent === folder || isEnterable(parent)
}

function commonFolder(): string {
  return isEnterable(tmpdir()) ? tmpdir() : '/tmp'
}
