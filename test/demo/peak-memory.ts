import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const SAMPLE_MS = 1_000

/** Most resident memory that a process had: the kernel's own mark where there is one, else the highest of samples. */
export class PeakMemory {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  #peakKb = 0

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS)
  }

  #sample(): void {
    try {
      this.#peakKb = Math.max(this.#peakKb, readKb(this.#pid))
    } catch {
      // The process has ended: what was seen before counts.
    }
  }

  /** Megabytes (2^20 bytes), rounded. */
  stop(): number {
    clearInterval(this.#timer)
    this.#sample()
    return Math.round(this.#peakKb / 1_024)
  }
}

function readKb(pid: number): number {
  if (process.platform !== 'linux')
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
