import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

test('enrich takes the facts from what waits, past a record that nobody can read', async () => {
  const { env, start, publish, send } = await createScenario()
  await publish(anAlbum('1'))
  const intake = start('intake')
  await expect.poll(async () => (await runVerb(env, 'enrich', '1', '--json')).status, { interval: 500 }).toBe(0)
  expect(await intake.stop()).toBe(0)

  await send(env.TOPIC_ENRICHMENT, { key: '1', value: Buffer.from('no request') })
  expect((await runVerb(env, 'enrich', '1', '--json')).status).toBe(0)
  await send(env.TOPIC_ENRICHMENT, { key: '2', value: Buffer.from('no request') })
  const { status, output } = await runVerb(env, 'enrich', '2')
  expect(output).toContain('nothing is known of album 2')
  expect(status).toBe(1)
})
