import { expect, test } from 'vitest'
import { explainRefusal } from '../../src/amazon/creators-refusal.ts'
import { readRefusal } from '../../src/amazon/creators-reply.ts'
import { explainPaapiRefusal } from '../../src/amazon/paapi-refusal.ts'
import { readPaapiRefusal } from '../../src/amazon/paapi-reply.ts'
import { isAboutItems, refusedFields } from '../../src/amazon/refusal.ts'

const context = {
  query: 'searchItems title "Kind of Blue" in Music',
  marketplace: 'www.amazon.com',
  partnerTag: 'example-20',
  credentialVersion: '3.1',
}
const TAG = 'AMAZON_INVALID_PARTNER_TAG'
const [FORBIDDEN, ALBUM] = ['AMAZON_FORBIDDEN', 'AMAZON_INVALID_REQUEST']

const failed = (at: string) => `1 validation error detected: Value at '${at}' failed to satisfy constraint`

test.each<[object, string, string]>([
  [{ reason: 'FieldValidationFailed', fieldList: ['partnerTag'] }, TAG, 'AMAZON_PARTNER_TAG (example-20)'],
  [
    { reason: 'FieldValidationFailed', fieldList: [{ name: 'title' }, { name: 'partnerTag' }] },
    TAG,
    'AMAZON_PARTNER_TAG',
  ],
  [{ message: failed('partnerTag') }, TAG, 'AMAZON_PARTNER_TAG'],
  [{ fieldList: ['marketplace'] }, FORBIDDEN, 'AMAZON_MARKETPLACE (www.amazon.com)'],
  [{ message: failed('x-marketplace') }, FORBIDDEN, 'AMAZON_MARKETPLACE'],
  [{ message: failed('resources.1.member') }, FORBIDDEN, '(resources)'],
  [{ message: 'The value [Music] provided in the request for searchIndex is invalid.' }, FORBIDDEN, '(searchindex)'],
  [{ reason: 'UnknownOperation' }, FORBIDDEN, 'AMAZON_URL'],
  [{ fieldList: ['keywords'] }, ALBUM, 'keywords'],
  [{ message: failed('keywords') }, ALBUM, 'keywords'],
  [{ fieldList: ['keywords'], message: failed('partnerTag') }, ALBUM, 'keywords'],
  [{ message: 'The value [My PartnerTag] provided in the request for keywords is invalid.' }, ALBUM, 'My PartnerTag'],
  [{ reason: 'CannotParse' }, ALBUM, 'CannotParse'],
])('a refusal of the Creators API for %j is %s', (body, code, message) => {
  const refusal = readRefusal(400, { type: 'ValidationException', message: 'No.', ...body })
  if (refusal === undefined) throw new Error('is no refusal')
  expect(explainRefusal(refusal, context)).toMatchObject({ code, message: expect.stringContaining(message) })
})

test('an address at which there is nothing is no fault of the album', () => {
  const refusal = readRefusal(404, { message: 'Not Found' })
  if (refusal === undefined) throw new Error('is no refusal')
  expect(explainRefusal(refusal, context)).toMatchObject({
    code: FORBIDDEN,
    message: expect.stringContaining('AMAZON_URL'),
  })
})

test.each([
  [
    400,
    'InvalidParameterValue',
    'The value [www.amazon.com] provided in the request for Marketplace is invalid.',
    FORBIDDEN,
  ],
  [200, 'InvalidParameterValue', 'The PartnerTag example-20 provided in the request is invalid.', TAG],
  [400, 'MissingParameter', 'The request is missing PartnerTag', TAG],
  [400, 'MissingParameter', 'The Resources parameter is required.', FORBIDDEN],
  [404, 'UnknownOperation', 'The operation is unknown.', FORBIDDEN],
  [200, 'InvalidParameterValue', 'The BrowseNodeId 3045 provided in the request is invalid.', ALBUM],
  [
    400,
    'InvalidParameterValue',
    'The value en provided in the request for Title is invalid. Refer https://x#y.',
    ALBUM,
  ],
  [400, 'MissingParameter', 'The request is missing Keywords', ALBUM],
])('a refusal of PA-API: %i %s %j is %s', (status, Code, Message, code) => {
  const refusal = readPaapiRefusal(status, { Errors: [{ Code, Message }] })
  if (refusal === undefined) throw new Error('is no refusal')
  expect(explainPaapiRefusal(refusal, context).code).toBe(code)
})

const refusal = (message: string, fields: string[] = [], status = 400) => ({
  ...{ status, reason: 'InvalidParameterValue', message, fields, retryAfterMs: undefined },
})

test('a refusal of ids alone is told from others', () => {
  expect(isAboutItems(refusal('No.', ['itemIds']))).toBe(true)
  expect(isAboutItems(refusal('The ItemId N/A provided in the request is invalid.'))).toBe(true)
  expect(isAboutItems(refusal('No.', ['itemIds', 'partnerTag']))).toBe(false)
  expect(isAboutItems(refusal('No.'))).toBe(false)
})

test('only of a request that is called wrong are fields read', () => {
  for (const status of [401, 403, 429, 500]) expect(refusedFields(refusal('No.', ['partnerTag'], status))).toEqual([])
})
