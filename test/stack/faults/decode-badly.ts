import { existsSync, writeFileSync } from 'node:fs'
import { doJobs } from '../../../src/apart/do-jobs.ts'
import type { SuspectRecord } from '../../../src/kafka/decode-suspect.ts'

/** Stands in for a decoder with a fault: what it does is in the record. */
doJobs((record: SuspectRecord) => {
  const what = Buffer.from(record.body).toString()
  if (what === 'loops in') for (;;);
  if (what === 'fills the memory of') for (const held: unknown[] = []; ; ) held.push(new Array(1_000).fill({}))
  if (what === 'kills') process.kill(process.pid, 'SIGKILL')
  if (what === 'is decoded while signals come to')
    for (const signal of ['SIGINT', 'SIGTERM']) process.kill(process.pid, signal)
  if (what.startsWith('/') && !existsSync(what)) {
    writeFileSync(what, 'killed once')
    process.kill(process.pid, 'SIGKILL')
  }
  return true
})
