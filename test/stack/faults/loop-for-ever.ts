import { writeFileSync } from 'node:fs'
import { doJobs } from '../../../src/apart/do-jobs.ts'

/** Stands in for a job without an end: writes its process id to the file that it is given, and does no more. */
doJobs((path: string) => {
  writeFileSync(path, String(process.pid))
  for (;;);
})
