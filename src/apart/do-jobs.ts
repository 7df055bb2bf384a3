/**
 * The life of a process that ProcessApart started: does one job at a time and answers, until whoever started it ends, or
 * kills it. A signal to the whole group, such as Ctrl-C, is not for it: its job would look as if it had been its death.
 */
export function doJobs<Job, Reply>(work: (job: Job) => Reply | Promise<Reply>): void {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit())
  process.on('message', async (job: Job) => process.send?.(await work(job)))
}
