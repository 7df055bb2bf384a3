import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

interface Row {
  pid: number
  parent: number
  /** Begins with Z for a zombie. */
  state: string
}

/** Every living process of this machine and its parent's id; zombies are not alive. */
function listProcesses(): Map<number, number> {
  // Small images have no `ps`, and macOS has no /proc.
  const rows = existsSync('/proc/self/stat') ? readProc() : askPs()
  return new Map(rows.filter(({ state }) => !state.startsWith('Z')).map(({ pid, parent }) => [pid, parent]))
}

function readProc(): Row[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        // After the command's name in brackets, which may hold anything: state, parent, ...
        const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return [{ pid: Number(pid), parent: Number(parent), state }]
      } catch {
        // It ended since the folder was read.
        return []
      }
    })
}

function askPs(): Row[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [pid, parent, state = ''] = line.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), state }
  })
}

/** The process and all its descendants, oldest first. PostgreSQL's children leave its process group, so that does not do. */
export function listTree(pid: number): number[] {
  const processes = listProcesses()
  const tree = processes.has(pid) ? [pid] : []
  for (const member of tree) for (const [child, parent] of processes) if (parent === member) tree.push(child)
  return tree
}

export function areGone(pids: number[]): boolean {
  const processes = listProcesses()
  return !pids.some((pid) => processes.has(pid))
}

/** Sends the signal to each; one that has ended meanwhile is fine. */
export function signalAll(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
