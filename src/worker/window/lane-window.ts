import type { Delivery } from '../../kafka/delivery.ts'
import { recordBytes } from '../../kafka/record-size.ts'
import { finishedPrefix } from './finished-prefix.ts'

/** A delivered record, and how far the worker is with it. */
export interface Slot<T> {
  readonly delivery: Delivery
  readonly bytes: number
  /** What to commit once it is done: where the next record stands, markers skipped. */
  nextOffset: bigint
  /** Set once it is decided what to publish for it. */
  outcome: T | undefined
}

/** The slots of one topic, in the order of their offsets. */
interface TopicSlots<T> {
  all: Slot<T>[]
  /** Those of them that are not started, and their bytes together. */
  waiting: Slot<T>[]
  waitingBytes: number
}

/**
 * The delivered records that are not committed yet, by topic in Kafka's order.
 *
 * Every rebalance delivers all of them again, also when the member keeps the partition: a record that is known attaches
 * to its slot, so work in the air goes on and is not begun twice. Topics take turns in being started; what is finished
 * leaves in order, as the contiguous beginning of each topic.
 */
export class LaneWindow<T> {
  readonly #topics: Map<string, TopicSlots<T>>

  constructor(topics: string[]) {
    this.#topics = new Map(topics.map((topic) => [topic, { all: [], waiting: [], waitingBytes: 0 }]))
  }

  add(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const slots = this.#topics.get(delivery.topic)
      const last = slots?.all.at(-1)
      if (slots === undefined || (last !== undefined && delivery.offset <= last.delivery.offset)) continue
      const slot = { delivery, bytes: recordBytes(delivery), nextOffset: delivery.nextOffset, outcome: undefined }
      slots.all.push(slot)
      slots.waiting.push(slot)
      slots.waitingBytes += slot.bytes
    }
  }

  /**
   * Notes that only markers stand up to an offset.
   *
   * @returns whether no record is in front of them, so that they can be committed at once
   */
  skipTo(topic: string, nextOffset: bigint): boolean {
    const last = this.#topics.get(topic)?.all.at(-1)
    if (last === undefined) return true
    if (nextOffset > last.nextOffset) last.nextOffset = nextOffset
    return false
  }

  /** What waits of a topic to be started; headers may be most of its bytes. */
  waitingIn(topic: string): { records: number; bytes: number } {
    const slots = this.#topics.get(topic)
    return { records: slots?.waiting.length ?? 0, bytes: slots?.waitingBytes ?? 0 }
  }

  /** The next record to start, from the topic whose turn it is; undefined when none waits. */
  startNext(): Slot<T> | undefined {
    for (const [topic, slots] of this.#topics) {
      const next = slots.waiting.shift()
      if (next === undefined) continue
      slots.waitingBytes -= next.bytes
      // To the end of the turn: the other topics come first next time.
      this.#topics.delete(topic)
      this.#topics.set(topic, slots)
      return next
    }
    return undefined
  }

  /** It is to be started once more, before those behind it. One that has left the window meanwhile is not. */
  putBack(slot: Slot<T>): void {
    const slots = this.#topics.get(slot.delivery.topic)
    if (!slots?.all.includes(slot)) return
    const behind = slots.waiting.findIndex(({ delivery }) => delivery.offset > slot.delivery.offset)
    slots.waiting.splice(behind === -1 ? slots.waiting.length : behind, 0, slot)
    slots.waitingBytes += slot.bytes
  }

  /** What may be published now: of each topic the finished records from the head on. */
  finishedPrefix(): Slot<T>[] {
    return [...this.#topics.values()].flatMap(({ all }) => finishedPrefix(all, ({ outcome }) => outcome !== undefined))
  }

  /** Takes away every record below a topic's committed offset, and answers those that were finished. */
  dropBelow(committed: ReadonlyMap<string, bigint>): Slot<T>[] {
    return [...committed].flatMap(([topic, offset]) => {
      const slots = this.#topics.get(topic)
      if (slots === undefined) return []
      const isGone = ({ delivery }: Slot<T>) => delivery.offset < offset
      for (const { bytes } of takeHead(slots.waiting, isGone)) slots.waitingBytes -= bytes
      return takeHead(slots.all, isGone).filter(({ outcome }) => outcome !== undefined)
    })
  }

  clear(): void {
    for (const topic of this.#topics.keys()) this.#topics.set(topic, { all: [], waiting: [], waitingBytes: 0 })
  }
}

/** Takes away the beginning of a list for as long as it holds. */
function takeHead<S>(list: S[], holds: (item: S) => boolean): S[] {
  const kept = list.findIndex((item) => !holds(item))
  return list.splice(0, kept === -1 ? list.length : kept)
}
