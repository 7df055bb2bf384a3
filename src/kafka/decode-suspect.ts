import { doJobs } from '../apart/do-jobs.ts'
import { avroType, readBounded, writerType } from './read-as.ts'

/** What this process is sent: a record's bytes behind its schema id, and schemas as JSON. */
export interface SuspectRecord {
  reader: string
  writer: string
  body: Uint8Array
}

// Bytes that are none of the schema's end as well as any: whoever decodes them next says what is wrong with them.
doJobs(({ reader, writer, body }: SuspectRecord) => {
  try {
    readBounded(avroType(reader), writerType(writer))(Buffer.from(body))
    return true
  } catch {
    return true
  }
})
