import { expect, test, vi } from 'vitest'
import { PeakMemory } from '../demo/peak-memory.ts'
import { anAlbum, createScenario, encodeAlbum } from '../stack/scenario.ts'

vi.setConfig({ testTimeout: 240_000 })

const WAITING = 100_000
const CHUNK = 5_000
/** In 2^20 bytes: what the service may take, 256 million bytes. */
const MOST_MB = 244

test('with 100,000 albums of 1 kB waiting, intake and worker stay below 256 MB each', async () => {
  const { env, start, send, results } = await createScenario()
  const message = await encodeAlbum(env, anAlbum('waits', { source: 'x'.repeat(900) }))
  for (let from = 0; from < WAITING; from += CHUNK) {
    // Nobody looks whether key and album agree; encoding each would take minutes.
    const messages = Array.from({ length: CHUNK }, (_, index) => ({ ...message, key: String(from + index) }))
    await send(env.TOPIC_IMPORTED, ...messages)
  }
  const intake = start('intake')
  const worker = start('worker')
  const memory = { intake: new PeakMemory(intake.pid), worker: new PeakMemory(worker.pid) }
  const intakeLag = async () => {
    const text = await intake.metrics()
    const lags = [...text.matchAll(/^album_enricher_consumer_lag_records\{.*\.intake".*\} (\d+)$/gm)]
    return lags.length === 0 ? WAITING : lags.reduce((sum, [, lag]) => sum + Number(lag), 0)
  }
  // Intake is done, and the worker has the whole of it before it.
  await expect.poll(intakeLag, { timeout: 180_000, interval: 1_000 }).toBe(0)
  const seen = results.records.length
  await results.waitFor((records) => records.length >= seen + 50, 'results with all of it waiting')
  const peaks = { intakeMb: memory.intake.stop(), workerMb: memory.worker.stop() }
  console.log('100,000 waiting:', JSON.stringify(peaks))
  expect(await Promise.all([intake.stop(), worker.stop()])).toEqual([0, 0])
  expect(Math.max(...Object.values(peaks))).toBeLessThan(MOST_MB)
})
