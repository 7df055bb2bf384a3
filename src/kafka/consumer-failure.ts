import type { EnrichmentError } from '../errors.ts'
import { partitionKey, type TopicPartition } from './delivery.ts'
import type { GroupConsumerOptions } from './group-consumer-options.ts'
import { chainOf, isRefusal, kafkaError } from './kafka-error.ts'

type Options = Pick<GroupConsumerOptions, 'log' | 'groupId' | 'onRefused'>

/**
 * Why a member of a group is none now, or has not got its partitions, told once a change: while leaders move the same thing
 * fails every second, and for each partition.
 */
export class ConsumerFailure {
  readonly #options: Options
  #ofMember: EnrichmentError | null = null
  /** By "topic/partition". */
  readonly #ofPartitions = new Map<string, EnrichmentError>()
  #refusal: EnrichmentError | null = null

  constructor(options: Options) {
    this.#options = options
  }

  /** null while all is well. */
  get current(): EnrichmentError | null {
    return this.#all()[0] ?? null
  }

  /** The member is none any more. */
  ended(error: EnrichmentError): void {
    const isNews = !isSame(error, this.#ofMember)
    this.#ofPartitions.clear()
    this.#ofMember = error
    if (isNews) this.#tell({}, error, 'consumer ended and will start again')
  }

  /** It is one again, with another assignment: what failed of the former one is over. */
  joined(): void {
    this.#ofPartitions.clear()
    this.#tellRefusal()
  }

  /** It can work with its assignment. */
  assigned(): void {
    if (this.#ofMember === null) return
    this.#ofMember = null
    this.#tellRefusal()
    this.#options.log.info({ groupId: this.#options.groupId }, 'consumer is back')
  }

  /** @param thrown null once it is in possession */
  ofPartition(partition: TopicPartition, thrown: unknown): void {
    const key = partitionKey(partition)
    if (thrown === null) {
      if (!this.#ofPartitions.delete(key)) return
      this.#tellRefusal()
      this.#options.log.info({ groupId: this.#options.groupId, ...partition }, 'partition is back')
      return
    }
    const error = kafkaError(thrown)
    const isNews = !this.#all().some((other) => isSame(error, other))
    this.#ofPartitions.set(key, error)
    if (isNews) this.#tell(partition, error, 'partition will be taken over again')
  }

  #all(): EnrichmentError[] {
    return [...(this.#ofMember === null ? [] : [this.#ofMember]), ...this.#ofPartitions.values()]
  }

  #tell(where: Partial<TopicPartition>, error: EnrichmentError, text: string): void {
    this.#tellRefusal()
    const { code, message } = error
    const fields = { groupId: this.#options.groupId, ...where, code, reason: message }
    this.#options.log.warn({ ...fields, ...(isFault(error) && { err: error }) }, text)
  }

  #tellRefusal(): void {
    const refusal = this.#all().find(({ code }) => isRefusal(code)) ?? null
    if (refusal === this.#refusal || (refusal !== null && isSame(refusal, this.#refusal))) return
    this.#refusal = refusal
    this.#options.onRefused?.(refusal)
  }
}

/** Whether it is none of Kafka's, nor a socket's, but a fault of ours, which only its stack explains. */
const isFault = ({ code, cause }: EnrichmentError) =>
  code === 'INTERNAL' ||
  (cause instanceof Error &&
    !chainOf(cause).some(({ name = '', code: told }) => name.startsWith('KafkaJS') || typeof told === 'string'))

const isSame = (one: EnrichmentError, other: EnrichmentError | null) =>
  one.code === other?.code && one.message === other.message
