import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import type { Member } from './member.ts'

const EVERY_MS = 250

/** Why the lane was held at a moment, as the workers' probes told it; no cause: it was not. */
interface Look {
  at: number
  causes: string[]
}

/** Looks at `/ready` of every worker, again and again, as a person on call would. */
export class HoldWatch {
  readonly looks: Look[] = []
  readonly #stopping = new AbortController()
  readonly #watching: Promise<void>

  constructor(members: Member[]) {
    const workers = members.filter(({ role }) => role === 'worker')
    this.#watching = this.#watch(workers)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(workers: Member[]): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const at = now()
      const causes = (await Promise.all(workers.map((worker) => worker.holds()))).flat()
      this.looks.push({ at, causes: [...new Set(causes)].toSorted() })
      await sleep(EVERY_MS)
    }
  }
}
