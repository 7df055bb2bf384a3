import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { EnrichmentError } from '../../errors.ts'
import type { DecodeJob, DecodeReply } from './decode-image.ts'
import type { Variants } from './variants.ts'

const DEADLINE_MS = 10_000
/** How long a process waits for the next image. */
const IDLE_MS = 10_000
/** Nothing of ours: what decodes strangers' bytes knows no secret. glibc would keep an arena a thread. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' }
/** An image needs little of V8: 13 MB less a decoder. */
const FLAGS = ['--max-semi-space-size=1']
const PROGRAM = fileURLToPath(new URL('./decode-image.ts', import.meta.url))

/**
 * A process that decodes one image at a time. States: none, idle, busy; it is none again after a deadline, a death, or
 * some time without work. It never keeps our own process alive.
 */
export class ImageDecoder {
  #child: ChildProcess | undefined
  #idling: NodeJS.Timeout | undefined

  /** @throws EnrichmentError as makeVariants */
  async decode(job: DecodeJob): Promise<Variants> {
    clearTimeout(this.#idling)
    const child = this.#start()
    const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
    const from = performance.now()
    try {
      const reply = await ask(child, job)
      if (reply === undefined) {
        const seconds = Math.round((performance.now() - from) / 1_000)
        if (performance.now() - from < DEADLINE_MS)
          throw new EnrichmentError('ARTWORK_NOT_AN_IMAGE', `${job.name} ended its decoder after ${seconds} s.`)
        const message = `${job.name} was not decoded after ${seconds} s; ${DEADLINE_MS / 1_000} s are allowed.`
        throw new EnrichmentError('ARTWORK_TOO_LARGE', message)
      }
      if ('error' in reply) throw new EnrichmentError(reply.error.code, reply.error.message)
      return reply.variants
    } finally {
      clearTimeout(deadline)
      this.#idling = setTimeout(() => child.kill('SIGKILL'), IDLE_MS).unref()
    }
  }

  #start(): ChildProcess {
    if (this.#child !== undefined) return this.#child
    const child = fork(PROGRAM, { execArgv: FLAGS, env: ENVIRONMENT, serialization: 'advanced', stdio: 'ignore' })
    child.unref()
    child.channel?.unref()
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined
    })
    // A failed start or send shows as its exit, too.
    child.on('error', () => child.kill('SIGKILL'))
    this.#child = child
    return child
  }
}

/** @returns undefined when it ended without an answer */
async function ask(child: ChildProcess, job: DecodeJob): Promise<DecodeReply | undefined> {
  const { promise, resolve } = Promise.withResolvers<DecodeReply | undefined>()
  const onMessage = (reply: unknown) => resolve(reply as DecodeReply)
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
