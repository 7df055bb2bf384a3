import type { Delivery } from '../../../src/kafka/delivery.ts'
import { LaneWindow, type Slot } from '../../../src/worker/lane-window.ts'
import { hasRole } from './role.ts'

/** The worker takes every delivery for a new one: a list, its finished beginning, and no look at what is known already. */
if (hasRole('worker')) {
  const lists = new WeakMap<object, Slot<unknown>[]>()
  const listOf = (window: object) => {
    const list = lists.get(window) ?? []
    lists.set(window, list)
    return list
  }
  const finished = (list: Slot<unknown>[]) => {
    const unfinished = list.findIndex(({ outcome }) => outcome === undefined)
    return unfinished === -1 ? [...list] : list.slice(0, unfinished)
  }
  const naive = {
    add(this: object, deliveries: Delivery[]) {
      listOf(this).push(...deliveries.map((delivery) => ({ delivery, started: false, outcome: undefined })))
    },
    waitingIn(this: object, topic: string) {
      return listOf(this).filter(({ delivery, started }) => !started && delivery.topic === topic).length
    },
    startNext(this: object) {
      const next = listOf(this).find(({ started }) => !started)
      if (next) next.started = true
      return next
    },
    finishedPrefix(this: object) {
      return finished(listOf(this))
    },
    dropBelow(this: object) {
      const list = listOf(this)
      return list.splice(0, finished(list).length)
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
