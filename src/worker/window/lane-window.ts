import type { Delivery } from '../../kafka/delivery.ts'
import { recordBytes } from '../../kafka/record-size.ts'
import { finishedPrefix } from '../lease/lane-commit.ts'

/** A delivered record and how far the worker is with it: waiting, started, then done with what it came to. */
export interface Slot<T> {
  readonly delivery: Delivery
  /** What to commit once it is done: where the next record stands, markers skipped. */
  nextOffset: bigint
  started: boolean
  /** Set once it is decided what to publish for it. */
  outcome: T | undefined
}

/**
 * The delivered records that are not committed yet, by topic in Kafka's order.
 *
 * Every rebalance delivers all of them again, also when the member keeps the partition: a record that is known attaches
 * to its slot, so work in the air goes on and is not begun twice. Topics take turns in being started; what is finished
 * leaves in order, as the contiguous beginning of each topic.
 */
export class LaneWindow<T> {
  readonly #slots: Map<string, Slot<T>[]>

  constructor(topics: string[]) {
    this.#slots = new Map(topics.map((topic) => [topic, []]))
  }

  add(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const slots = this.#slots.get(delivery.topic) ?? []
      const last = slots.at(-1)
      if (last !== undefined && delivery.offset <= last.delivery.offset) continue
      slots.push({ delivery, nextOffset: delivery.nextOffset, started: false, outcome: undefined })
    }
  }

  /**
   * Notes that only markers stand up to an offset.
   *
   * @returns whether no record is in front of them, so that they can be committed at once
   */
  skipTo(topic: string, nextOffset: bigint): boolean {
    const last = this.#slots.get(topic)?.at(-1)
    if (last === undefined) return true
    if (nextOffset > last.nextOffset) last.nextOffset = nextOffset
    return false
  }

  /** What waits of a topic to be started; headers may be most of its bytes. */
  waitingIn(topic: string): { records: number; bytes: number } {
    const waiting = this.#slots.get(topic)?.filter(({ started }) => !started) ?? []
    const bytes = waiting.reduce((sum, { delivery }) => sum + recordBytes(delivery), 0)
    return { records: waiting.length, bytes }
  }

  /** The next record to start, from the topic whose turn it is; undefined when none waits. */
  startNext(): Slot<T> | undefined {
    for (const [topic, slots] of this.#slots) {
      const next = slots.find(({ started }) => !started)
      if (next === undefined) continue
      next.started = true
      // To the end of the turn: the other topics come first next time.
      this.#slots.delete(topic)
      this.#slots.set(topic, slots)
      return next
    }
    return undefined
  }

  /** What may be published now: of each topic the finished records from the head on. */
  finishedPrefix(): Slot<T>[] {
    return [...this.#slots.values()].flatMap((slots) => finishedPrefix(slots, ({ outcome }) => outcome !== undefined))
  }

  /** Takes away every record below a topic's committed offset, and answers those that were finished. */
  dropBelow(committed: ReadonlyMap<string, bigint>): Slot<T>[] {
    return [...committed].flatMap(([topic, offset]) => {
      const slots = this.#slots.get(topic) ?? []
      const kept = slots.findIndex(({ delivery }) => delivery.offset >= offset)
      return slots.splice(0, kept === -1 ? slots.length : kept).filter(({ outcome }) => outcome !== undefined)
    })
  }

  clear(): void {
    for (const slots of this.#slots.values()) slots.length = 0
  }
}
