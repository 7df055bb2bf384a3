import { Kafka, logLevel } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'
import { createTestEnv } from '../stack/test-env.ts'

test('wrong and missing settings are all listed at once, with what each got and wants', async () => {
  const { status, output } = await runVerb(
    { KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: 'ftp://x', DATABASE_URL: 'mysql://u:secret@h/db', METRICS_PORT: 'http' },
    'run',
  )
  expect(status).toBe(2)
  expect(output).toContain('KAFKA_BROKERS: is not set, wants host:port,host:port')
  expect(output).toContain('SCHEMA_REGISTRY_URL: got "ftp://x", wants an http or https URL')
  expect(output).toContain('DATABASE_URL: got (hidden), wants postgresql://')
  expect(output).toContain('METRICS_PORT: got "http", wants a port number')
  expect(output).toContain('AMAZON_PARTNER_TAG: is not set')
  expect(output).toContain('OPENAI_API_KEY: is not set')
  expect(output).not.toContain('secret@')
})

test('it refuses to run when album.enrichment has two partitions or would delete requests, and says how to mend it', async () => {
  const env = await createTestEnv()
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: env.TOPIC_ENRICHMENT, numPartitions: 2 }], waitForLeaders: true })
  await admin.disconnect()

  const { status, output } = await runVerb(env, 'setup')
  expect(status).toBe(2)
  expect(output).toContain(`topic ${env.TOPIC_ENRICHMENT} has 2 partitions and must have exactly 1`)
  expect(output).toMatch(/has retention.ms=604800000 and must have retention.ms=-1.*kafka-configs.sh --alter/)
})

test.each([
  ['kafka', 'KAFKA_BROKERS'],
  ['registry', 'SCHEMA_REGISTRY_URL'],
  ['database', 'DATABASE_URL'],
] as const)(
  'without %s at the start it waits, /ready says so, and it goes on by itself',
  async (dependency, setting) => {
    const scenario = await createScenario()
    const { env, publish, results } = scenario
    const real = env[setting]
    const address = real.includes('://') ? new URL(real).host : real
    const proxy = await createTcpProxy(address)
    onTestFinished(() => proxy.close())
    env[setting] = real.replace(address, `127.0.0.1:${proxy.port}`)

    const service = scenario.start()
    await service.waitForLog('waiting for a server')
    const { status, text } = await service.get('/ready')
    expect(status).toBe(503)
    expect(Object.keys(JSON.parse(text).missing)).toContain(dependency)
    expect((await service.get('/live')).status).toBe(200)

    await proxy.open()
    await service.waitForLog('service running', 60_000)
    env[setting] = real
    await publish(anAlbum('1'))
    await results.waitFor((records) => records.length > 0, 'the result')
    await expect.poll(async () => (await service.get('/ready')).status).toBe(200)
    expect(await service.stop()).toBe(0)
  },
)

test('a part that is named twice is run once', async () => {
  const { env, start } = await createScenario()
  env.DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/nothing'
  const service = start('worker', 'intake', 'worker')
  expect(await service.waitForLog('service starting')).toMatchObject({ roles: ['worker', 'intake'] })
  expect(await service.stop()).toBe(0)
})

test('told to stop while it waits for a server, it ends at once and well', async () => {
  const { env, start } = await createScenario()
  env.DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/nothing'
  const service = start()
  await service.waitForLog('waiting for a server')
  expect(await service.stop()).toBe(0)
})

test('setup run twice changes nothing the second time, and setup --check agrees', async () => {
  const env = await createTestEnv()
  expect((await runVerb(env, 'setup', '--check')).status).toBe(2)
  expect((await runVerb(env, 'setup')).output).toContain(`topic ${env.TOPIC_ENRICHMENT} created`)
  const again = await runVerb(env, 'setup')
  expect(again.status).toBe(0)
  expect(again.output).not.toContain('created')
  expect((await runVerb(env, 'setup', '--check')).status).toBe(0)
})

test("a lane that was given another one's group prefix ends at once and says so, and does not once nothing else runs with it", {
  timeout: 60_000,
}, async () => {
  const { env, start } = await createScenario()
  const first = start('worker', 'relay')
  await expect.poll(() => first.ready()).toMatchObject({ ready: true })

  const { TOPIC_ENRICHMENT: topic } = env
  env.TOPIC_ENRICHMENT = `${topic}-uk`
  expect((await runVerb(env, 'setup')).status).toBe(0)
  for (const [role, followed] of [
    ['worker', `${topic}, ${topic}.express`],
    ['relay', `${topic}.retry.`],
  ] as const) {
    const other = start(role)
    expect(await other.exited()).toBe(2)
    const said = other.output.join('\n')
    expect(said).toContain(`group ${env.KAFKA_GROUP_PREFIX}.${role} has members that follow ${followed}`)
    expect(said).toContain('another lane runs with this KAFKA_GROUP_PREFIX: give each lane one of its own')
  }

  await first.stop()
  await start('worker').waitForLog('lane running')
})
