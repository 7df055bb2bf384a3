import { closeClient } from './close-client.ts'
import { type Admin, createAdmin, type Kafka } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'

/**
 * An administrative connection for who asks again and again: made with the first question, kept, and let go of with
 * whatever fails, so that the next question makes another one. One question at a time.
 */
export class KeptAdmin {
  readonly #kafka: Kafka
  #admin: Admin | undefined

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /**
   * A leader or coordinator that has moved is a failure like any other: it is found by the next question.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE when no broker answers; Kafka's refusals (see kafkaError)
   */
  async ask<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      if (this.#admin === undefined) {
        this.#admin = createAdmin(this.#kafka)
        await this.#admin.connect()
      }
      return await work(this.#admin)
    } catch (error) {
      await this.close()
      throw kafkaError(error)
    }
  }

  async close(): Promise<void> {
    const admin = this.#admin
    this.#admin = undefined
    if (admin !== undefined) await closeClient(admin)
  }
}
