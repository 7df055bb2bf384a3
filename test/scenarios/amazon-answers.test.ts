import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
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

test.each([
  ['AMAZON_NOT_ELIGIBLE', trouble.notEligible()],
  ['AMAZON_TOKEN_REFUSED', trouble.tokenExpired()],
  ['AMAZON_UNAVAILABLE', trouble.internal()],
])('%s is tried four times, then dead-lettered with its history', async (code, behaviour) => {
  const { start, publish, results, dead, amazon } = await createScenario()
  amazon.behave({ ...behaviour, when: (query) => query.includes('Nevermind') })
  await publish(anAlbum('refused'), anAlbum('fine', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const service = start()
  await dead.waitFor((records) => records.length > 0, 'the dead letter')
  await results.waitFor((records) => records.length > 0, 'the other album')
  expect(await service.stop()).toBe(0)

  const [letter] = await dead.readToEnd()
  expect(letter?.key).toBe('refused')
  expect(letter?.headers).toMatchObject({
    'enricher-error-code': code,
    'enricher-attempt': '4',
    'enricher-stage': 'search',
    'enricher-request-id': letter?.event.requestId,
  })
  const history = JSON.parse(letter?.headers['enricher-history'] ?? '[]')
  expect(history.map((entry: { code: string }) => entry.code)).toEqual([code, code, code, code])
  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(['fine'])
})
