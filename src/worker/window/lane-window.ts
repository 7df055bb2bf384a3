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
interface Lane<T> {
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
  readonly #lanes: Map<string, Lane<T>>

  constructor(topics: string[]) {
    this.#lanes = new Map(topics.map((topic) => [topic, { all: [], waiting: [], waitingBytes: 0 }]))
  }

  add(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = this.#lanes.get(delivery.topic)
      const last = lane?.all.at(-1)
      if (lane === undefined || (last !== undefined && delivery.offset <= last.delivery.offset)) continue
      const slot = { delivery, bytes: recordBytes(delivery), nextOffset: delivery.nextOffset, outcome: undefined }
      lane.all.push(slot)
      lane.waiting.push(slot)
      lane.waitingBytes += slot.bytes
    }
  }

  /**
   * Notes that only markers stand up to an offset.
   *
   * @returns whether no record is in front of them, so that they can be committed at once
   */
  skipTo(topic: string, nextOffset: bigint): boolean {
    const last = this.#lanes.get(topic)?.all.at(-1)
    if (last === undefined) return true
    if (nextOffset > last.nextOffset) last.nextOffset = nextOffset
    return false
  }

  /** What waits of a topic to be started; headers may be most of its bytes. */
  waitingIn(topic: string): { records: number; bytes: number } {
    const lane = this.#lanes.get(topic)
    return { records: lane?.waiting.length ?? 0, bytes: lane?.waitingBytes ?? 0 }
  }

  /** The next record to start, from the topic whose turn it is; undefined when none waits. */
  startNext(): Slot<T> | undefined {
    for (const [topic, lane] of this.#lanes) {
      const next = lane.waiting.shift()
      if (next === undefined) continue
      lane.waitingBytes -= next.bytes
      // To the end of the turn: the other topics come first next time.
      this.#lanes.delete(topic)
      this.#lanes.set(topic, lane)
      return next
    }
    return undefined
  }

  /** It is to be started once more, before those behind it. One that has left the window meanwhile is not. */
  putBack(slot: Slot<T>): void {
    const lane = this.#lanes.get(slot.delivery.topic)
    if (!lane?.all.includes(slot)) return
    const behind = lane.waiting.findIndex(({ delivery }) => delivery.offset > slot.delivery.offset)
    lane.waiting.splice(behind === -1 ? lane.waiting.length : behind, 0, slot)
    lane.waitingBytes += slot.bytes
  }

  /** What may be published now: of each topic the finished records from the head on. */
  finishedPrefix(): Slot<T>[] {
    return [...this.#lanes.values()].flatMap(({ all }) => finishedPrefix(all, ({ outcome }) => outcome !== undefined))
  }

  /** Takes away every record below a topic's committed offset, and answers those that were finished. */
  dropBelow(committed: ReadonlyMap<string, bigint>): Slot<T>[] {
    return [...committed].flatMap(([topic, offset]) => {
      const lane = this.#lanes.get(topic)
      if (lane === undefined) return []
      const isGone = ({ delivery }: Slot<T>) => delivery.offset < offset
      for (const { bytes } of takeHead(lane.waiting, isGone)) lane.waitingBytes -= bytes
      return takeHead(lane.all, isGone).filter(({ outcome }) => outcome !== undefined)
    })
  }

  clear(): void {
    for (const topic of this.#lanes.keys()) this.#lanes.set(topic, { all: [], waiting: [], waitingBytes: 0 })
  }
}

/** Takes away the beginning of a list for as long as it holds. */
function takeHead<S>(list: S[], holds: (item: S) => boolean): S[] {
  const kept = list.findIndex((item) => !holds(item))
  return list.splice(0, kept === -1 ? list.length : kept)
}
