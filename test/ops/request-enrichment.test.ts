import { expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { openCodecs, topicNames } from '../../src/kafka/event-topics.ts'
import { withServers } from '../../src/ops/commands/with-servers.ts'
import { requestEnrichment } from '../../src/ops/request-enrichment.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'

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

test('an album that waits for intake is told so, and that nothing was requested for those beside it', async () => {
  const { env, start, publish, send } = await createScenario()
  await publish(anAlbum('1'))
  const intake = start('intake')
  await expect.poll(async () => (await runVerb(env, 'enrich', '1', '--json')).status, { interval: 500 }).toBe(0)
  expect(await intake.stop()).toBe(0)
  await publish(anAlbum('waits'), anAlbum('erased'))
  await send(env.TOPIC_IMPORTED, { key: 'erased', value: null })
  const { status, output } = await runVerb(env, 'enrich', '1', 'waits', 'erased')
  expect([status, output]).toEqual([
    1,
    expect.stringMatching(
      /^album waits waits in \S+: it is enriched once intake .*; nothing is known of album erased: .*; nothing was requested for the others/,
    ),
  ])
})

test("a request tells PostgreSQL's time, whatever the host's clock", async () => {
  const { env, publish, start, results } = await createScenario()
  await publish(anAlbum('1'))
  const service = start('intake', 'worker')
  await results.waitFor((records) => records.length === 1, 'the result')
  expect(await service.stop()).toBe(0)
  const config = loadConfig(['kafka', 'registry', 'database'], env)
  const { now } = Date
  const hostIsAhead = vi.spyOn(Date, 'now').mockImplementation(() => now() + 600_000)
  onTestFinished(() => hostIsAhead.mockRestore())
  await withServers(config, async ({ kafka, registry, db }) => {
    const codecs = await openCodecs(config, registry)
    await requestEnrichment(config, { kafka, db }, codecs, ['1'])
  })
  const requests = await TopicReader.open(env, topicNames(config).express)
  onTestFinished(() => requests.close())
  const [request] = await requests.readToEnd()
  expect(Math.abs(request?.event.requestedAt - now())).toBeLessThan(300_000)
})
