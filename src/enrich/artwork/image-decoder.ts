import { ProcessApart } from '../../apart/process-apart.ts'
import { EnrichmentError } from '../../errors.ts'
import type { DecodeJob, DecodeReply } from './decode-image.ts'
import type { Variants } from './variants.ts'

const DEADLINE_MS = 10_000
/** One end alone may be anybody's kill, or that of a machine without memory. */
const TRIES = 2
/** An image needs little of V8: 13 MB less a decoder. */
const FLAGS = ['--max-semi-space-size=1']
const PROGRAM = new URL('./decode-image.ts', import.meta.url)

/** A process that decodes one image at a time. */
export class ImageDecoder {
  readonly #apart = new ProcessApart<DecodeJob, DecodeReply>(PROGRAM, FLAGS)

  /** @throws EnrichmentError as makeVariants */
  async decode(job: DecodeJob): Promise<Variants> {
    let end = await this.#apart.do(job, DEADLINE_MS)
    for (let left = TRIES; end.kind === 'died' && left > 1; left -= 1) end = await this.#apart.do(job, DEADLINE_MS)
    if (end.kind === 'answered') {
      const { reply } = end
      if ('error' in reply) throw new EnrichmentError(reply.error.code, reply.error.message)
      return reply.variants
    }
    const seconds = Math.round(end.afterMs / 1_000)
    if (end.kind === 'died') {
      if (!(await this.#apart.isThere()))
        throw new EnrichmentError('ARTWORK_UNAVAILABLE', `No process is to be had that decodes ${job.name}.`)
      throw new EnrichmentError('ARTWORK_NOT_AN_IMAGE', `${job.name} ended ${TRIES} decoders.`)
    }
    const message = `${job.name} was not decoded after ${seconds} s; ${DEADLINE_MS / 1_000} s are allowed.`
    throw new EnrichmentError('ARTWORK_TOO_LARGE', message)
  }
}
