import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'

test('a standby takes the lane of a killed worker over within 12 s, and every album has its result, none twice', async () => {
  const { start, publish, results, amazon } = await createScenario()
  start('intake')
  const workers = [start('worker'), start('worker')]
  await Promise.all(workers.map((worker) => worker.waitForLog(({ msg }) => /^lane (running|stands by)$/.test(msg))))
  const ids = Array.from({ length: 60 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id)))
  await results.waitFor((records) => records.length >= 10, 'some results')

  // The last of its lines about the lane says who has it: the second to join moves it once.
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
