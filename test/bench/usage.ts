import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { listTree } from '../stack/processes.ts'

/** The kernel's unit of these figures, on every platform with /proc that Node runs on. */
const TICKS_PER_SECOND = 100

/** What a process and all its descendants have used. */
export interface Usage {
  /** CPU seconds, user and system, of those that ended too. */
  cpuSeconds: number
  /** Most resident memory, of each at its own worst time; megabytes of 2^20 bytes. */
  peakRssMb: number
}

/** @throws Error on a machine without /proc */
export function requireProc(): void {
  if (!existsSync('/proc/self/stat')) throw new Error('the benchmarks read /proc: run them on Linux')
}

export function usageOf(pid: number): Usage {
  const members = listTree(pid).map(readProcess)
  return {
    cpuSeconds: members.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakRssMb: Math.round(members.reduce((sum, { peakRssMb }) => sum + peakRssMb, 0)),
  }
}

function readProcess(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name in brackets: user, system, and the same of children that were waited for (proc(5), 14 to 17).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    return { cpuSeconds: ticks / TICKS_PER_SECOND, peakRssMb: peakKb / 1_024 }
  } catch {
    // It ended since the list was made: what it used is its parent's now.
    return { cpuSeconds: 0, peakRssMb: 0 }
  }
}

/** CPU seconds that all processors of the machine have been busy, whatever with. */
function busySeconds(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/)
  // user nice system idle iowait irq softirq steal; guests are part of the first two (proc(5)).
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.map(Number)
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
}

export interface Load {
  cores: number
  /** Cores that were busy on average. */
  busy: number
  /** Of those with neither the service nor what this benchmark started: the noise. */
  others: number
  loadAverage: number
}

/** How busy the machine is beside what is measured. */
export class LoadMeter {
  readonly #startedAt = performance.now()
  readonly #busyBefore = busySeconds()
  readonly #ownBefore = usageOf(process.pid).cpuSeconds

  /** Since this meter was made. */
  read(): Load {
    const seconds = (performance.now() - this.#startedAt) / 1_000
    const busy = (busySeconds() - this.#busyBefore) / seconds
    const own = (usageOf(process.pid).cpuSeconds - this.#ownBefore) / seconds
    const round = (cores: number) => Math.round(cores * 100) / 100
    return {
      cores: availableParallelism(),
      busy: round(busy),
      others: round(Math.max(0, busy - own)),
      loadAverage: round(loadavg()[0] ?? 0),
    }
  }
}
