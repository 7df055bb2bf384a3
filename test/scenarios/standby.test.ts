import { expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor } from '../stack/service-process.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'

test('a standby takes the lane of a killed worker over within 12 s, and every album has its result, none twice', async () => {
  const { start, publish, results, amazon } = await createScenario()
  start('intake')
  const workers = [start('worker'), start('worker')]
  await Promise.all(workers.map((worker) => worker.waitForLog(({ msg }) => /^lane (running|stands by)$/.test(msg))))
  const ids = Array.from({ length: 60 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id)))
  await results.waitFor((records) => records.length >= 10, 'some results')

  const owner = workers.find((worker) => worker.logs.some(({ msg }) => msg === 'album enriched'))
  const before = results.records.length
  const killedAt = Date.now()
  owner?.signal('SIGKILL')
  await results.waitFor((records) => records.length > before + 10, 'results of the standby')
  expect(Date.now() - killedAt).toBeLessThan(12_000 + 3_000)
  await results.waitFor((records) => records.length >= ids.length, 'all results')
  const standby = workers.find((worker) => worker !== owner)
  expect(await standby?.stop()).toBe(0)
  const keys = (await results.readToEnd()).map(({ key }) => key)
  expect(keys.toSorted()).toEqual(ids.toSorted())
  expect(amazon.early).toBe(0)
})

test('who has the lane keeps it while others come and go', async () => {
  const { start } = await createScenario()
  const owner = start('worker')
  await owner.waitForLog('lane running')
  for (let count = 0; count < 5; count += 1) {
    const other = start('worker')
    await other.waitForLog(({ msg }) => /^lane (running|stands by)$/.test(msg))
    // It joins some moments after it has said so, for the first time.
    await expect.poll(async () => (await other.get('/ready')).status, { timeout: 90_000 }).toBe(200)
    expect(await other.stop()).toBe(0)
  }
  expect(await owner.stop()).toBe(0)
  expect(owner.logs.filter(({ msg }) => msg === 'lane running')).toHaveLength(1)
})

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
  const hasLane = ({ worker }: (typeof workers)[number]) => worker.logs.some(({ msg }) => msg === 'album enriched')
  const [owner, standby] = [workers.find(hasLane), workers.find((it) => !hasLane(it))]
  if (owner === undefined || standby === undefined) throw new Error('no worker stands by')

  await standby.door.close()
  owner.worker.signal('SIGKILL')
  const isHeld = isHeldFor('lane', 'DATABASE_UNAVAILABLE')
  await standby.worker.waitForLog(isHeld, 20_000)
  const ready = JSON.parse((await standby.worker.get('/ready')).text)
  expect(ready).toMatchObject({ ready: false, parts: { worker: { state: 'held' } } })
  expect(ready.parts.worker.holds).toMatchObject([{ cause: 'DATABASE_UNAVAILABLE' }])
  const text = await standby.worker.metrics()
  expect(text).toContain('album_enricher_lane_held{cause="DATABASE_UNAVAILABLE"} 1')
  expect(text).toContain('album_enricher_lane_state{state="held"} 1')

  await standby.door.open()
  await publish(anAlbum('2'))
  await results.waitFor((records) => records.length === 2, 'a result of the standby')
  expect(await standby.worker.metrics()).not.toContain('album_enricher_lane_held{')
  expect(await standby.worker.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(ids)
}, 120_000)
