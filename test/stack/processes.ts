import { execFileSync } from 'node:child_process'

/** Every living process of this machine and its parent's id; zombies are not alive. */
function listProcesses(): Map<number, number> {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  const rows = lines.map((line) => line.trim().split(/\s+/))
  return new Map(
    rows.filter(([, , stat]) => !stat?.startsWith('Z')).map(([pid, parent]) => [Number(pid), Number(parent)]),
  )
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
