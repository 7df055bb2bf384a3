import { expect, test } from 'vitest'
import { checkRequest } from './amazon-checks.ts'

const check = (
  operation: 'getItems' | 'searchItems',
  changes: Record<string, unknown>,
  { marketplace, contentType }: { marketplace?: string | undefined; contentType?: string } = {
    marketplace: 'www.amazon.com',
  },
) => {
  const asked = operation === 'getItems' ? { itemIds: ['B0TEST0001'] } : { title: 'Kind of Blue' }
  const body = { partnerTag: 'example-20', ...asked, ...changes }
  const reply = checkRequest(
    { operation, marketplace, contentType: contentType ?? 'application/json; charset=utf-8', body },
    { partnerTag: 'example-20' },
  )
  const { reason, fieldList } = (reply?.body ?? {}) as { reason?: string; fieldList?: { name: string }[] }
  return reply && [reply.status, reason, fieldList?.[0]?.name]
}

test('a good request passes, with every field that Amazon documents', () => {
  expect(check('getItems', { itemIdType: 'ASIN', condition: 'New', languagesOfPreference: ['en_US'] })).toBeUndefined()
  expect(
    check('searchItems', {
      artist: 'x'.repeat(1000),
      searchIndex: 'Music',
      itemCount: 10,
      itemPage: 10,
      sortBy: 'Price:LowToHigh',
      availability: 'IncludeOutOfStock',
      browseNodeId: '1234567890123456789',
      minPrice: 1,
      minReviewsRating: 4,
      minSavingPercent: 99,
      resources: ['images.primary.highRes', 'searchRefinements'],
      marketplace: 'www.amazon.com',
    }),
  ).toBeUndefined()
})

test.each([
  ['searchItems', 'partnerTag', ' '],
  ['searchItems', 'partnerTag', 'x'.repeat(65)],
  ['searchItems', 'title', 'x'.repeat(1001)],
  ['searchItems', 'title', ' '],
  ['searchItems', 'itemCount', 11],
  ['searchItems', 'itemPage', 0],
  ['searchItems', 'searchIndex', 'Musik'],
  ['searchItems', 'availability', 'Sometimes'],
  ['searchItems', 'condition', 'Used'],
  ['searchItems', 'sortBy', 'Price'],
  ['searchItems', 'languagesOfPreference', ['en_US', 'de_DE']],
  ['searchItems', 'browseNodeId', '0123'],
  ['searchItems', 'maxPrice', 9.99],
  ['searchItems', 'minReviewsRating', 5],
  ['searchItems', 'minSavingPercent', 100],
  ['searchItems', 'marketplace', 'www.amazon.de'],
  // Replies spell it so, requests do not.
  ['searchItems', 'resources', ['images.primary.hiRes']],
  ['searchItems', 'resources', ['Images.Primary.Large']],
  ['searchItems', 'resources', Array.from({ length: 101 }, () => 'itemInfo.title')],
  ['getItems', 'resources', ['searchRefinements']],
  ['getItems', 'itemIds', []],
  ['getItems', 'itemIds', Array.from({ length: 11 }, (_, index) => `B0TEST00${index}`)],
  ['getItems', 'itemIds', ['']],
  ['getItems', 'itemIdType', 'ISBN'],
] as const)('%s with a wrong %s is refused by the name of the field', (operation, name, value) => {
  expect(check(operation, { [name]: value })).toEqual([400, 'FieldValidationFailed', name])
})

test('nothing searched for, another account’s tag, no site and no JSON are refused', () => {
  expect(check('searchItems', { title: undefined })).toEqual([400, 'FieldValidationFailed', 'keywords'])
  expect(check('searchItems', { partnerTag: 'other-20' })).toEqual([400, 'InvalidPartnerTag', undefined])
  expect(check('searchItems', {}, { marketplace: undefined })).toEqual([400, 'FieldValidationFailed', 'x-marketplace'])
  expect(check('searchItems', {}, { marketplace: 'amazon.com' })?.[2]).toBe('x-marketplace')
  expect(check('searchItems', {}, { marketplace: 'www.amazon.com', contentType: 'text/plain' })?.[2]).toBe(
    'content-type',
  )
})

test('a site without an index for music refuses to search in it', () => {
  const brazil = { marketplace: 'www.amazon.com.br' }
  expect(check('searchItems', { searchIndex: 'Music' }, brazil)?.[2]).toBe('searchIndex')
  expect(check('searchItems', { searchIndex: 'All' }, brazil)).toBeUndefined()
})
