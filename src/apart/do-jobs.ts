import { createContext, Script } from 'node:vm'

/** What a process apart is sent; the time is that after which whoever started it kills it. */
export interface SentJob<Job> {
  /** null: nothing is to be done, but said that it is there. */
  job: Job | null
  deadlineMs: number
}

/** Whoever started it kills it first, and so knows that it was late. */
const LATER_MS = 1_000

/**
 * The life of a process that ProcessApart started: does one job at a time and answers, until whoever started it ends, or
 * kills it. A signal to the whole group, such as Ctrl-C, is not for it: its job would look as if it had been its death.
 */
export function doJobs<Job, Reply>(work: (job: Job) => Reply | Promise<Reply>): void {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
  // An exit would wait for the threads of an image that is being decoded.
  process.on('disconnect', end)
  process.on('message', async ({ job, deadlineMs }: SentJob<Job>) =>
    process.send?.(job === null ? null : await inTime(() => work(job), deadlineMs + LATER_MS)),
  )
}

/** A loop hears nothing of the end of whoever started it, so it has an end of its own. A thread that looks after it costs 20 MB. */
function inTime<Reply>(work: () => Reply, timeoutMs: number): Reply {
  try {
    room.work = work
    return WORK.runInContext(room, { timeout: timeoutMs })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') end()
    throw error
  }
}

const room: { work?: () => unknown } = createContext({})
const WORK = new Script('work()')

function end(): void {
  process.kill(process.pid, 'SIGKILL')
}
