import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { loginSettings } from '../stack/broker-security.ts'
import { grantLeastAcls } from '../stack/least-acls.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { type SecuredKafka, startSecuredKafka } from '../stack/secured-kafka.ts'
import { runVerb, ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { createTestEnv } from '../stack/test-env.ts'

// Each command and each part is a process of its own, and the broker is a second one on this machine.
vi.setConfig({ testTimeout: 240_000 })

const USERS = ['setup', 'intake', 'worker', 'relay', 'publish', 'operator', 'nobody']
let kafka: SecuredKafka

beforeAll(async () => {
  kafka = await startSecuredKafka(USERS)
})
afterAll(() => kafka?.stop())

const securely = (env: Record<string, string>, user: string): Record<string, string> => ({
  ...env,
  ...loginSettings(kafka.brokers.sasl_ssl, kafka.authority.ca, user),
})

async function runOrThrow(env: Record<string, string>, ...verb: string[]): Promise<string> {
  const { status, output } = await runVerb(env, ...verb)
  if (status !== 0) throw new Error(`${verb.join(' ')}: ${output}`)
  return output
}

/** The scenario's own readers use the plain listener; the parts of the service log in, each as its own user. */
function startPart({ env }: Scenario, role: 'intake' | 'worker' | 'relay'): ServiceProcess {
  const service = new ServiceProcess(securely(env, role), ['run', role])
  onTestFinished(() => service.signal('SIGKILL'))
  return service
}

test('setup makes topics with its least rights', async () => {
  const env = { ...(await createTestEnv()), KAFKA_BROKERS: kafka.brokers.sasl_ssl }
  await grantLeastAcls(kafka.plain, env)
  kafka.takeDenials()
  const output = await runOrThrow(securely(env, 'setup'), 'setup')
  expect(output).toContain(`topic ${env.TOPIC_ENRICHMENT}.retry.1m created`)
  await runOrThrow(securely(env, 'setup'), 'setup', '--check')
  expect(kafka.takeDenials()).toEqual([])
})

test('albums end in results, by way of the retries too, and every verb works, with the least rights and nothing denied', async () => {
  const scenario = await createScenario({ KAFKA_BROKERS: kafka.plain, RETRY_DELAYS: '1s,2s' })
  const { env, publish, results, dead, amazon } = scenario
  await grantLeastAcls(kafka.plain, env)
  kafka.takeDenials()
  amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Nevermind'), times: 10 })
  amazon.behave({ ...trouble.invalidRequest(), when: (query) => query.includes('Blue') })
  const parts = (['intake', 'worker', 'relay'] as const).map((role) => startPart(scenario, role))
  await publish(anAlbum('again'), anAlbum('bad', { title: '' }))
  await publish(anAlbum('refused', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  await results.waitFor((records) => records.length === 1, 'the result of a retry', 90_000)
  await dead.waitFor((records) => records.length === 2, 'the dead letters')
  expect(results.records[0]?.headers['enricher-attempt'] ?? results.records[0]?.event.attempts).not.toBe(1)

  amazon.reset()
  const run = (...verb: string[]) => runOrThrow(securely(env, 'operator'), ...verb)
  expect(await run('status')).toContain('the lane is running')
  expect(await run('dead', 'list')).toContain('refused')
  await run('dead', 'retry', '--code', 'AMAZON_INVALID_REQUEST')
  await run('dead', 'delete', '--all')
  expect(await run('show', 'again')).toContain('Nevermind')
  await run('enrich', 'again')
  await run('pause')
  await run('resume')
  await results.waitFor((records) => records.length === 3, 'what the operator asked for')
  for (const part of parts) expect(await part.stop()).toBe(0)
  expect(kafka.takeDenials()).toEqual([])
})
