import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const PAUSE_MS = 100

/**
 * Asks an address all the time, in a thread of its own: what else the test does must not look like a slow service.
 *
 * @returns a function that ends it and answers the longest wait for an answer, in milliseconds
 */
export function watchLive(url: string): () => Promise<number> {
  const asking = new Worker(fileURLToPath(import.meta.url), { workerData: { url } })
  return async () => {
    asking.postMessage('end')
    const [longestMs] = await once(asking, 'message')
    return longestMs
  }
}

async function ask(url: string): Promise<void> {
  let [isOver, longestMs] = [false, 0]
  parentPort?.once('message', () => {
    isOver = true
  })
  while (!isOver) {
    const from = performance.now()
    const answer = await fetch(url)
    await answer.text()
    longestMs = Math.max(longestMs, performance.now() - from)
    await delay(PAUSE_MS)
  }
  parentPort?.postMessage(longestMs)
}

if (!isMainThread && workerData?.url !== undefined) await ask(workerData.url)
