import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import type { EnrichmentRequested } from '../../src/events.ts'
import { type RequestMaking, refuseDeadly, toRequest } from '../../src/intake/to-request.ts'
import { parseAlbums } from '../../src/ops/publish-albums.ts'
import { aDelivery } from '../stack/a-delivery.ts'
import { anAlbum } from '../stack/scenario.ts'

const delivery = aDelivery()

/** With one suspect, which is tried apart so. */
function makingWith(tryApart: () => Promise<void>, isSuspect = true): RequestMaking {
  const notAsked = () => Promise.reject(new Error('not asked for'))
  const codec = { encode: notAsked, decode: notAsked, tryApart, needsRegistry: () => false }
  return {
    topics: { enrichment: 'requests', dead: 'dead' },
    codecs: { imported: codec, requested: codec },
    now: () => 0,
    marks: { judge: () => null, isSuspect: () => isSuspect },
  }
}

const fails = (code: 'CRASHED_DECODER' | 'REGISTRY_UNAVAILABLE') => () =>
  Promise.reject(new EnrichmentError(code, 'it is so'))

test('a suspect that is the end of whoever decodes it is a dead letter, and one that is not is left to intake', async () => {
  expect(await refuseDeadly(delivery, makingWith(fails('CRASHED_DECODER')))).toMatchObject({
    record: { topic: 'dead', headers: { 'enricher-error-code': 'CRASHED_DECODER', 'enricher-stage': 'intake' } },
    error: { code: 'CRASHED_DECODER' },
  })
  expect(
    await refuseDeadly(
      delivery,
      makingWith(() => Promise.resolve()),
    ),
  ).toBe(null)
})

test('what is no suspect is not tried apart, and a registry that is away is no fault of a suspect', async () => {
  expect(await refuseDeadly(delivery, makingWith(fails('CRASHED_DECODER'), false))).toBe(null)
  await expect(refuseDeadly(delivery, makingWith(fails('REGISTRY_UNAVAILABLE')))).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  })
})

test('a time of import that nobody has reached yet, or in seconds, counts as the time of its record', async () => {
  const [album] = parseAlbums(JSON.stringify(anAlbum('1')))
  const NOW = Date.parse('2026-11-30T12:00:00Z')
  const DAY = 86_400_000
  const timeOf = async (importedAt: number, timestamp: number) => {
    const requests: EnrichmentRequested[] = []
    const imported = { decode: async () => ({ ...album, importedAt }) }
    const encode = async (request: EnrichmentRequested) => {
      requests.push(request)
      return Buffer.from('request')
    }
    const making = { ...makingWith(async () => undefined), codecs: { imported, requested: { encode } }, now: () => NOW }
    const { error } = await toRequest({ ...delivery, timestamp }, making as unknown as RequestMaking)
    expect(error).toBeUndefined()
    return requests[0]?.album.importedAt
  }
  const recorded = NOW - 30 * DAY
  expect(await timeOf(recorded - 1, recorded)).toBe(recorded - 1)
  expect(await timeOf(recorded + DAY, recorded), 'another clock').toBe(recorded + DAY)
  expect(await timeOf(Date.parse('9999-12-31T00:00:00Z'), recorded)).toBe(recorded)
  expect(await timeOf((recorded - DAY) / 1_000, recorded), 'seconds').toBe(recorded)
  expect(await timeOf(Date.parse('2000-01-01T00:00:00Z'), recorded)).toBe(Date.parse('2000-01-01T00:00:00Z'))
  expect(await timeOf(Date.parse('1999-12-31T00:00:00Z'), recorded)).toBe(recorded)
  expect(await timeOf(Date.parse('-000001-01-01T00:00:00Z'), recorded)).toBe(recorded)
  for (const [what, timestamp] of [
    ['seconds too', recorded / 1_000],
    ['none', 0],
    ['none either', -1],
    ['no better', Date.parse('9999-12-30T00:00:00Z')],
  ] as const)
    expect(await timeOf(Date.parse('9999-12-31T00:00:00Z'), timestamp), what).toBe(NOW)
})
