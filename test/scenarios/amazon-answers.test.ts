import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

test('an album that Amazon does not know is not_found', async () => {
  const { start, publish, results, amazon } = await createScenario()
  amazon.behave(trouble.empty())
  await publish(anAlbum('1'))
  start()
  await results.waitFor((records) => records.length > 0, 'the result')
  expect(results.records[0]?.event).toMatchObject({ outcome: 'not_found', links: [], counts: { candidates: 0 } })
})

test('a 429 is waited for, goes again, and is no attempt', async () => {
  const { start, publish, results, amazon } = await createScenario()
  amazon.behave({ ...trouble.throttled(1), times: 2 })
  await publish(anAlbum('1'))
  start()
  await results.waitFor((records) => records.length > 0, 'the result')
  expect(results.records[0]?.event).toMatchObject({ outcome: 'matched', attempts: 1 })
  expect(amazon.calls.filter(({ status }) => status === 429).length).toBe(2)
  expect(amazon.early).toBe(0)
})

test('an expired token is renewed once and the album goes on', async () => {
  const { start, publish, results, amazon } = await createScenario()
  const service = start()
  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length === 1, 'the first result')
  amazon.revokeTokens()
  await publish(anAlbum('2'))
  await results.waitFor((records) => records.length === 2, 'the second result')
  expect(results.records[1]?.event).toMatchObject({ albumId: '2', outcome: 'matched', attempts: 1 })
  expect(amazon.calls.filter(({ operation }) => operation === 'token').length).toBe(2)
  expect(await service.stop()).toBe(0)
})

test('a request that fails and fails is tried four times, waits in each tier once, and is dead-lettered with its history', async () => {
  const settings = { RETRY_DELAYS: '1s,2s', RETRY_DEADLINE_HOURS: '0' }
  const { env, start, publish, results, dead, amazon } = await createScenario(settings)
  amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Nevermind') })
  await publish(anAlbum('refused'), anAlbum('fine', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const service = start()
  await dead.waitFor((records) => records.length > 0, 'the dead letter')
  await results.waitFor((records) => records.length > 0, 'the other album')
  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(['fine'])
  const text = await service.metrics()
  expect(text).toContain('album_enricher_retries_total{tier="1s",code="AMAZON_UNAVAILABLE"} 1')
  expect(text).toContain('album_enricher_retries_total{tier="2s",code="AMAZON_UNAVAILABLE"} 1')
  expect(await service.stop()).toBe(0)

  const [letter] = await dead.readToEnd()
  expect(letter?.key).toBe('refused')
  expect(letter?.headers).toMatchObject({
    'enricher-error-code': 'AMAZON_UNAVAILABLE',
    'enricher-attempt': '12',
    'enricher-stage': 'search',
    'enricher-request-id': letter?.event.requestId,
    'enricher-original-topic': env.TOPIC_ENRICHMENT,
    'enricher-original-offset': expect.stringMatching(/^\d+$/),
  })
  const history = JSON.parse(letter?.headers['enricher-history'] ?? '[]')
  expect(history.map((entry: { code: string }) => entry.code)).toEqual(Array(12).fill('AMAZON_UNAVAILABLE'))
})

test('what fails once comes back from its tier and is enriched, once', async () => {
  const { start, publish, results, dead, amazon } = await createScenario({ RETRY_DELAYS: '1s' })
  amazon.behave({ ...trouble.internal(), times: 4 })
  await publish(anAlbum('1'))
  const service = start()
  await results.waitFor((records) => records.length > 0, 'the result')
  expect(await service.stop()).toBe(0)
  const [result, ...more] = await results.readToEnd()
  expect([result?.event.outcome, result?.event.attempts, more]).toEqual(['matched', 5, []])
  expect(Object.keys(result?.headers ?? {}).filter((name) => name.startsWith('enricher-'))).toEqual([])
  expect(await dead.readToEnd()).toEqual([])
})

test('while Amazon is down the lane is held and counts nothing, and goes on by itself when it is back', async () => {
  const { start, publish, results, dead, amazon } = await createScenario()
  amazon.behave(trouble.internal())
  const ids = ['1', '2', '3', '4', '5', '6']
  await publish(...ids.map((id) => anAlbum(id)))
  const service = start()
  await service.waitForLog(isHeldFor('lane', 'AMAZON_UNAVAILABLE'))
  const worker = { state: 'held', holds: [{ cause: 'AMAZON_UNAVAILABLE' }] }
  await expect.poll(() => service.ready()).toMatchObject({ ready: true, parts: { worker } })
  expect(await service.metrics()).toContain('album_enricher_lane_held{cause="AMAZON_UNAVAILABLE"} 1')
  amazon.reset()
  await results.waitFor((records) => records.length >= ids.length, 'all results')
  expect(await service.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(ids)
  expect(results.records.map(({ event }) => event.attempts)).toEqual(ids.map(() => 1))
  expect(await dead.readToEnd()).toEqual([])
  expect(service.logs.filter(({ msg }) => msg === 'lane held').length).toBe(1)
})

test.each([
  ['AMAZON_NOT_ELIGIBLE', trouble.notEligible()],
  ['AMAZON_TOKEN_REFUSED', trouble.tokenExpired()],
  ['AMAZON_API_RETIRED', trouble.retired()],
])('%s is the account’s: the lane is held, nothing is given up, and a stop ends at once', async (code, behaviour) => {
  const { start, publish, results, dead, amazon } = await createScenario()
  amazon.behave(behaviour)
  await publish(anAlbum('1'), anAlbum('2'))
  const service = start()
  await service.waitForLog(isHeldFor('lane', code))
  const stoppedAt = Date.now()
  expect(await service.stop()).toBe(0)
  expect(Date.now() - stoppedAt).toBeLessThan(10_000)
  expect([await results.readToEnd(), await dead.readToEnd()]).toEqual([[], []])

  amazon.reset()
  const successor = start()
  await results.waitFor((records) => records.length >= 2, 'the results')
  expect(await successor.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ event }) => event.attempts)).toEqual([1, 1])
})
