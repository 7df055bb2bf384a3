import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { type RequestMaking, refuseDeadly } from '../../src/intake/to-request.ts'
import { aDelivery } from '../stack/a-delivery.ts'

const delivery = aDelivery()

/** With one suspect, which is tried apart so. */
function makingWith(tryApart: () => Promise<void>, isSuspect = true): RequestMaking {
  const notAsked = () => Promise.reject(new Error('not asked for'))
  const codec = { encode: notAsked, decode: notAsked, tryApart }
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
