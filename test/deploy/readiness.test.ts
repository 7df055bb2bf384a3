import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import type { ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

interface Ready {
  ready: boolean
  parts: { worker?: { state: string; holds: { cause: string }[] } }
}

/** What the chart's readiness probe gets of a pod, and what it says that its worker does. */
async function probe(pod: ServiceProcess): Promise<{ status: number; state: string | undefined; causes: string[] }> {
  const { status, text } = await pod.get('/ready')
  const { worker } = (JSON.parse(text) as Ready).parts
  return { status, state: worker?.state, causes: worker?.holds.map(({ cause }) => cause) ?? [] }
}

const settled = (state: string) => (pod: ServiceProcess) =>
  expect.poll(() => probe(pod)).toMatchObject({ status: 200, state })

test('while the lane is held its pod and the one that stands by are ready, and a rollout comes through', async () => {
  const { start, publish, results, amazon } = await createScenario()
  const old = start()
  await settled('running')(old)
  amazon.behave(trouble.notEligible())
  await publish(anAlbum('1'))
  await expect.poll(() => probe(old)).toEqual({ status: 200, state: 'held', causes: ['AMAZON_NOT_ELIGIBLE'] })

  // As a Deployment does it: the new pod first, and the old one goes once that is ready.
  const fresh = start()
  await expect.poll(async () => (await probe(fresh)).status).toBe(200)
  const both = async () =>
    (await Promise.all([old, fresh].map(probe))).map(({ status, state }) => [status, state]).sort()
  await expect.poll(both).toEqual([
    [200, 'held'],
    [200, 'standing by'],
  ])
  expect(await old.stop()).toBe(0)
  await expect.poll(() => probe(fresh)).toEqual({ status: 200, state: 'held', causes: ['AMAZON_NOT_ELIGIBLE'] })
  amazon.reset()
  await results.waitFor((records) => records.length === 1, 'the result', 60_000)
  await settled('running')(fresh)
})

test('a pod whose lane waits for a person is ready', async () => {
  const { env, start } = await createScenario()
  const first = start('worker')
  await settled('running')(first)
  expect(await first.stop()).toBe(0)
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  await db.query((em) => em.execute("update lane set cluster_id = 'another'"))
  const second = start('worker')
  await expect.poll(() => probe(second)).toEqual({ status: 200, state: 'held', causes: ['other_cluster'] })
  expect(await second.stop()).toBe(0)
})
