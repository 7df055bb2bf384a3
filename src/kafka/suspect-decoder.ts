import { ProcessApart } from '../apart/process-apart.ts'
import { EnrichmentError } from '../errors.ts'
import type { AvroType } from './avro-type.ts'
import type { SuspectRecord } from './decode-suspect.ts'

/** A record takes milliseconds. */
const DEADLINE_MS = 5_000
/** One end alone may be anybody's kill, or that of a machine that stood still. */
const TRIES = 2
/** In megabytes: with a quarter of it a record at all its bounds is decoded. */
const FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=2']
const PROGRAM = new URL('./decode-suspect.ts', import.meta.url)

/**
 * Decodes records apart of which our process may have died. Of all that is done with a record this is what can end a
 * process: avsc reads a stranger's schema, and the code that it makes of it a stranger's bytes. What comes before is done
 * before there is a record (a batch is inflated and its headers are read in bounds, see bounded-fetch.ts), and what comes
 * after, the checks of the album and the request that is made of it, is linear in what the bounds have left.
 */
export class SuspectDecoder {
  readonly #apart: ProcessApart<SuspectRecord, true>
  #surviving: Promise<unknown> = Promise.resolve()

  constructor(program = PROGRAM) {
    this.#apart = new ProcessApart(program, FLAGS)
  }

  /**
   * Resolves once it was decoded, after those before it, or found to be undecodable; also where no process is to be had, which is not the
   * record's fault.
   *
   * @param writer the schema as JSON text, since to read it may end whoever does
   * @param body the value without its first five bytes
   * @throws EnrichmentError CRASHED_DECODER when it was the end of two processes
   */
  survive(reader: AvroType, writer: string, body: Buffer): Promise<void> {
    const surviving = this.#surviving.then(() => this.#survive({ reader: JSON.stringify(reader), writer, body }))
    this.#surviving = surviving.catch(() => undefined)
    return surviving
  }

  async #survive(suspect: SuspectRecord): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      if (!(await this.#apart.isThere())) return
      const end = await this.#apart.do(suspect, DEADLINE_MS)
      if (end.kind === 'answered') return
      if (left > 1) continue
      const what =
        end.kind === 'late'
          ? `was not decoded after ${DEADLINE_MS / 1_000} s`
          : `was the end of ${TRIES} processes that did nothing but decode it`
      const message = `a process died at this record, and then it ${what}: see what it holds before you send it again`
      throw new EnrichmentError('CRASHED_DECODER', message)
    }
  }
}
