import type { LeasePorts } from '../../src/worker/lease/lease-ports.ts'

const TOPIC = 'album.enrichment'

/** A world in which every call of a lease's succeeds at once, and Kafka and PostgreSQL agree. */
export function quietPorts(): LeasePorts {
  let newest = 0
  return {
    openProducer: async () => ({ commit: () => Promise.resolve(), close: () => Promise.resolve() }),
    async takeRow(onDrawn) {
      const former = newest
      newest += 1
      onDrawn(newest, former)
      return { token: newest, former, lane: { clusterId: null, flush: 0, offsets: {}, accepted: [] } }
    },
    async readOffsets() {
      return { clusterId: 'first', topics: [{ topic: TOPIC, logStart: 0n, logEnd: 9n, committed: null }] }
    },
    demandHeld: () => Promise.resolve(),
    markReplays: () => Promise.resolve(),
    waitForAcceptance: () => Promise.resolve(),
    isConfirmed: true,
    confirmed: () => Promise.resolve(),
    countCommit: () => Promise.resolve(),
    storeStart: () => Promise.resolve(),
    storeProgress: () => Promise.resolve(),
    onWorkDropped: () => undefined,
    onTransition: () => undefined,
  }
}
