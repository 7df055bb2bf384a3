import { createRequire } from 'node:module'

interface Runner {
  running: boolean
  fetchManager: { stop(): Promise<void> }
  fetch(nodeId: string): Promise<unknown[]>
}

/**
 * KafkaJS 2.2.4 makes new fetchers when the list of brokers has changed, also when it has been told to stop meanwhile.
 * Nobody stops those, and each of their fetches returns at once: a loop of microtasks that leaves the process neither
 * timers, nor connections, nor signals. Here a fetcher that finds its consumer stopped ends.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function endStoppedFetchers(): void {
  const { prototype: runner } = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as { prototype: Runner }
  const { fetch } = runner
  if (typeof fetch !== 'function')
    throw new Error('kafkajs has no Runner.fetch: see whether stopped-fetchers.ts is still needed')
  runner.fetch = function (nodeId) {
    // Not waited for: it waits for this very fetch.
    if (!this.running) void this.fetchManager.stop()
    return fetch.call(this, nodeId)
  }
}
