import { randomUUID } from 'node:crypto'
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { keepRunning, SHORT_SESSION } from '../stack/keep-running.ts'
import { now } from './clock.ts'

export interface ChaosTopics {
  imported: string
  enrichment: string
  express: string
  enriched: string
  dead: string
  retries: string[]
}

/** What has come out so far, while it goes on: for pacing and for knowing when all is done. The judge reads for itself. */
export class LiveView {
  /** Albums that intake has passed on, and albums with an outcome. */
  readonly forwarded = new Set<string>()
  readonly finished = new Set<string>()
  /** When a record was last seen on any topic. */
  lastSeenAt = now()
  /** The longest time between two outcomes so far. */
  longestPause = { from: 0, until: 0 }
  retryCopies = 0
  returnedCopies = 0
  readonly #topics: ChaosTopics
  readonly #consumer: Consumer
  #stop: () => Promise<void> = async () => undefined
  readonly #seen = new Set<string>()
  #lastOutcomeAt = now()

  private constructor(brokers: string, topics: ChaosTopics) {
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
    this.#topics = topics
    this.#consumer = kafka.consumer({
      groupId: `chaos-${randomUUID()}`,
      maxWaitTimeInMs: 200,
      ...SHORT_SESSION,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 1_000, restartOnFailure: async () => true },
    })
  }

  static async open(brokers: string, topics: ChaosTopics): Promise<LiveView> {
    const view = new LiveView(brokers, topics)
    await view.#consumer.connect()
    const { enrichment, express, enriched, dead, retries } = topics
    await view.#consumer.subscribe({ topics: [enrichment, express, enriched, dead, ...retries], fromBeginning: true })
    view.#stop = await keepRunning(view.#consumer, {
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) =>
        view.#note(topic, `${topic}/${partition}/${message.offset}`, message.key?.toString() ?? ''),
    })
    return view
  }

  async close(): Promise<void> {
    await this.#stop()
  }

  #note(topic: string, place: string, key: string): void {
    // After trouble of its own the reader may begin again from the start.
    if (this.#seen.has(place)) return
    this.#seen.add(place)
    this.lastSeenAt = now()
    const { enrichment, express, enriched, dead } = this.#topics
    if (topic === enrichment || topic === dead) this.forwarded.add(key)
    if (topic === enriched || topic === dead) {
      this.finished.add(key)
      const pause = { from: this.#lastOutcomeAt, until: now() }
      if (lengthOf(pause) > lengthOf(this.longestPause)) this.longestPause = pause
      this.#lastOutcomeAt = pause.until
    }
    if (topic === express) this.returnedCopies += 1
    if (this.#topics.retries.includes(topic)) this.retryCopies += 1
  }
}

/** Of a span of time, in milliseconds. */
export function lengthOf({ from, until }: { from: number; until: number }): number {
  return until - from
}
