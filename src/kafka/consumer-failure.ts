import type { EnrichmentError } from '../errors.ts'
import type { GroupConsumerOptions } from './group-consumer-options.ts'
import { isRefusal } from './kafka-error.ts'

/** Why a member of a group is none now, told once a change: while leaders move the same thing fails every second. */
export class ConsumerFailure {
  readonly #options: Pick<GroupConsumerOptions, 'log' | 'groupId' | 'onRefused'>
  #current: EnrichmentError | null = null

  constructor(options: Pick<GroupConsumerOptions, 'log' | 'groupId' | 'onRefused'>) {
    this.#options = options
  }

  /** null while all is well. */
  get current(): EnrichmentError | null {
    return this.#current
  }

  set(error: EnrichmentError): void {
    const { log, groupId, onRefused } = this.#options
    const { code, message } = error
    const isNews = this.#current?.code !== code || this.#current.message !== message
    this.#current = error
    if (!isNews) return
    onRefused?.(isRefusal(code) ? error : null)
    const fields = { groupId, code, reason: message, ...(code === 'INTERNAL' && { err: error }) }
    log.warn(fields, 'consumer ended and will start again')
  }

  clear(): void {
    if (this.#current === null) return
    const { log, groupId, onRefused } = this.#options
    this.#current = null
    onRefused?.(null)
    log.info({ groupId }, 'consumer is back')
  }
}
