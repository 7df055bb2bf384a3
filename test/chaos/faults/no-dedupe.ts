import type { Delivery } from '../../../src/kafka/delivery.ts'
import { LaneWindow, type Slot } from '../../../src/worker/window/lane-window.ts'
import { hasRole } from './role.ts'

/** The worker takes every delivery for a new one: a list, its finished beginning, and no look at what is known already. */
if (hasRole('worker')) {
  const lists = new WeakMap<object, Slot<unknown>[]>()
  const listOf = (window: object) => {
    const list = lists.get(window) ?? []
    lists.set(window, list)
    return list
  }
  const started = new WeakSet<Slot<unknown>>()
  /** What was published last. */
  let published: Slot<unknown>[] = []
  const naive = {
    add(this: object, deliveries: Delivery[]) {
      const slots = deliveries.map((delivery) => ({
        delivery,
        bytes: 0,
        nextOffset: delivery.nextOffset,
        outcome: undefined,
      }))
      listOf(this).push(...slots)
    },
    skipTo(this: object) {
      return listOf(this).length === 0
    },
    waitingIn(this: object, topic: string) {
      const waiting = listOf(this).filter((slot) => !started.has(slot) && slot.delivery.topic === topic)
      return { records: waiting.length, bytes: 0 }
    },
    startNext(this: object) {
      const next = listOf(this).find((slot) => !started.has(slot))
      if (next) started.add(next)
      return next
    },
    putBack(slot: Slot<unknown>) {
      started.delete(slot)
    },
    finishedPrefix(this: object) {
      const list = listOf(this)
      const unfinished = list.findIndex(({ outcome }) => outcome === undefined)
      published = list.slice(0, unfinished === -1 ? list.length : unfinished)
      return published
    },
    dropBelow(this: object) {
      return listOf(this).splice(0, published.splice(0).length)
    },
    clear(this: object) {
      listOf(this).length = 0
    },
  }
  for (const name of Object.keys(naive)) {
    if (!(name in LaneWindow.prototype)) throw new Error(`LaneWindow.${name} is gone: plant the fault anew`)
  }
  Object.assign(LaneWindow.prototype, naive)
}
