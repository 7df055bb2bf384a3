import { expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, type ServiceProcess } from '../stack/service-process.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'

test('who has the lane keeps it while others come and go', async () => {
  const { start } = await createScenario()
  const owner = start('worker')
  await owner.waitForLog('lane running')
  const others: ServiceProcess[] = []
  for (let count = 0; count < 5; count += 1) {
    const other = start('worker')
    others.push(other)
    await other.waitForLog(({ msg }) => /^lane (running|stands by)$/.test(msg))
    // It joins some moments after it has said so, for the first time.
    await expect.poll(async () => (await other.get('/ready')).status).toBe(200)
    expect(await other.stop()).toBe(0)
  }
  expect(await owner.stop()).toBe(0)
  // The owner may be held, and run again; it may not stand by while it runs, nor anybody else have the lane.
  expect(others.flatMap(({ logs }) => logs.filter(({ msg }) => msg === 'lane running'))).toEqual([])
  const first = owner.logs.findIndex(({ msg }) => msg === 'lane running')
  const stopping = owner.logs.findIndex(({ msg }) => msg === 'service stopping')
  expect(owner.logs.slice(first, stopping).filter(({ msg }) => msg === 'lane stands by')).toEqual([])
})

/** The one that has told of a result: it does so once it has heard that this is there. */
function whoEnriches(workers: ServiceProcess[]): Promise<ServiceProcess> {
  return Promise.any(workers.map((worker) => worker.waitForLog('album enriched').then(() => worker)))
}

test('a takeover that waits for PostgreSQL is told as a hold, and goes on by itself when that is back', async () => {
  const { env, start, publish, results } = await createScenario()
  const intake = start('intake')
  await intake.waitForLog('service running')
  const [real, { host }] = [env.DATABASE_URL, new URL(env.DATABASE_URL)]
  const workers = await Promise.all(
    [0, 1].map(async () => {
      const door = await createTcpProxy(host)
      onTestFinished(() => door.close())
      await door.open()
      env.DATABASE_URL = real.replace(host, `127.0.0.1:${door.port}`)
      return { door, worker: start('worker') }
    }),
  )
  env.DATABASE_URL = real
  await Promise.all(workers.map(({ worker }) => worker.waitForLog(({ msg }) => /^lane (running|stands by)$/.test(msg))))
  const ids = ['1', '2']
  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length === 1, 'a result of the owner')
  const enriching = await whoEnriches(workers.map(({ worker }) => worker))
  const hasLane = ({ worker }: (typeof workers)[number]) => worker === enriching
  const [owner, standby] = [workers.find(hasLane), workers.find((it) => !hasLane(it))]
  if (owner === undefined || standby === undefined) throw new Error('no worker stands by')

  await standby.door.close()
  owner.worker.signal('SIGKILL')
  const isHeld = isHeldFor('lane', 'DATABASE_UNAVAILABLE')
  await standby.worker.waitForLog(isHeld)
  const worker = { state: 'held', holds: [{ cause: 'DATABASE_UNAVAILABLE' }] }
  await expect.poll(() => standby.worker.ready()).toMatchObject({ ready: false, parts: { worker } })
  const text = await standby.worker.metrics()
  expect(text).toContain('album_enricher_lane_held{cause="DATABASE_UNAVAILABLE"} 1')
  expect(text).toContain('album_enricher_lane_state{state="held"} 1')

  await standby.door.open()
  await publish(anAlbum('2'))
  await results.waitFor((records) => records.length === 2, 'a result of the standby')
  expect(await standby.worker.metrics()).not.toContain('album_enricher_lane_held{')
  expect(await standby.worker.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(ids)
})
