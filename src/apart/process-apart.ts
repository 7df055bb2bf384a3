import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SentJob } from './do-jobs.ts'

/** How long a process waits for the next job. */
const IDLE_MS = 10_000
/** How long one may take to start: anything else is a machine that has no room for it. */
const START_MS = 30_000
/** Nothing of ours: what works on strangers' bytes knows no secret. glibc would keep an arena a thread. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' }

/** How a job ended: with an answer, or with its process, which died of it or was killed after its time. */
export type EndOfJob<Reply> = { kind: 'answered'; reply: Reply } | { kind: 'died' | 'late'; afterMs: number }

/**
 * A process for what cannot be interrupted and may end whoever does it, one job at a time. States: none, idle, busy; it
 * is none again after a deadline, a death, or some time without work. It never keeps our own process alive, and ends
 * soon after it, in the middle of a job by the job's deadline at the latest.
 *
 * No thread: of a heap that is full Node 24.21 ends the whole process, whatever `resourceLimits` a worker thread has
 * (an array that grows is refused, one that is made large is not), and a fault in a native library does so anywhere.
 */
export class ProcessApart<Job, Reply> {
  readonly #program: string
  readonly #flags: string[]
  #child: ChildProcess | undefined
  #idling: NodeJS.Timeout | undefined

  /**
   * @param program a module that calls doJobs
   * @param flags of node
   */
  constructor(program: URL, flags: string[]) {
    this.#program = fileURLToPath(program)
    this.#flags = flags
  }

  /** @param deadlineMs what it takes to start the process counts, if there is none */
  do(job: Job, deadlineMs: number): Promise<EndOfJob<Reply>> {
    return this.#do(job, deadlineMs)
  }

  /** Whether a process is to be had; where not, it is no job's fault. */
  async isThere(): Promise<boolean> {
    return (await this.#do(null, START_MS)).kind === 'answered'
  }

  async #do(job: Job | null, deadlineMs: number): Promise<EndOfJob<Reply>> {
    clearTimeout(this.#idling)
    const child = this.#start()
    let isLate = false
    const deadline = setTimeout(() => {
      isLate = true
      this.#end(child)
    }, deadlineMs)
    const from = performance.now()
    try {
      const answer = await ask<Job, Reply>(child, { job, deadlineMs })
      if (answer !== undefined) return { kind: 'answered', reply: answer.reply }
      return { kind: isLate ? 'late' : 'died', afterMs: performance.now() - from }
    } finally {
      clearTimeout(deadline)
      this.#idling = setTimeout(() => this.#end(child), IDLE_MS).unref()
    }
  }

  #start(): ChildProcess {
    if (this.#child !== undefined) return this.#child
    const options = { execArgv: this.#flags, env: ENVIRONMENT, serialization: 'advanced', stdio: 'ignore' } as const
    const child = fork(this.#program, options)
    child.unref()
    child.channel?.unref()
    child.once('exit', () => this.#forget(child))
    // A failed start or send shows as its exit, too.
    child.on('error', () => this.#end(child))
    this.#child = child
    return child
  }

  /** What is killed ends some milliseconds later: a job that comes in between is for another one. */
  #end(child: ChildProcess): void {
    this.#forget(child)
    child.kill('SIGKILL')
  }

  #forget(child: ChildProcess): void {
    if (this.#child === child) this.#child = undefined
  }
}

/** @returns undefined when it ended without an answer */
async function ask<Job, Reply>(child: ChildProcess, job: SentJob<Job>): Promise<{ reply: Reply } | undefined> {
  const { promise, resolve } = Promise.withResolvers<{ reply: Reply } | undefined>()
  const onMessage = (reply: unknown) => resolve({ reply: reply as Reply })
  const onEnd = () => resolve(undefined)
  child.channel?.ref()
  child.once('message', onMessage)
  child.once('close', onEnd)
  child.once('error', onEnd)
  child.send(job, (error) => error && onEnd())
  try {
    return await promise
  } finally {
    child.channel?.unref()
    child.off('message', onMessage).off('close', onEnd).off('error', onEnd)
  }
}
