import { expect, test } from 'vitest'
import { explainRefusal, isTokenRefusal } from '../../src/amazon/creators-refusal.ts'
import { readRefusal } from '../../src/amazon/creators-reply.ts'

const context = {
  query: 'searchItems title "Kind of Blue" in Music',
  marketplace: 'www.amazon.com',
  partnerTag: 'example-20',
  credentialVersion: '3.1',
}

/** Every row of Amazon's table of errors (troubleshooting/error-codes-and-messages), 404 and 429 left out: they are no error. */
const TABLE = [
  [400, 'ValidationException', 'UnknownOperation', 'AMAZON_FORBIDDEN'],
  [400, 'ValidationException', 'CannotParse', 'AMAZON_INVALID_REQUEST'],
  [400, 'ValidationException', 'FieldValidationFailed', 'AMAZON_INVALID_REQUEST'],
  [400, 'ValidationException', 'InvalidAssociate', 'AMAZON_INVALID_PARTNER_TAG'],
  [400, 'ValidationException', 'InvalidPartnerTag', 'AMAZON_INVALID_PARTNER_TAG'],
  [400, 'ValidationException', 'Other', 'AMAZON_INVALID_REQUEST'],
  [400, 'ValidationException', undefined, 'AMAZON_INVALID_REQUEST'],
  [401, 'UnauthorizedException', 'TokenExpired', 'AMAZON_TOKEN_REFUSED'],
  [401, 'UnauthorizedException', 'InvalidToken', 'AMAZON_TOKEN_REFUSED'],
  [401, 'UnauthorizedException', 'InvalidIssuer', 'AMAZON_BAD_CREDENTIALS'],
  [401, 'UnauthorizedException', 'MissingClaim', 'AMAZON_TOKEN_REFUSED'],
  [401, 'UnauthorizedException', 'MissingKeyId', 'AMAZON_TOKEN_REFUSED'],
  [401, 'UnauthorizedException', 'UnsupportedClient', 'AMAZON_BAD_CREDENTIALS'],
  [401, 'UnauthorizedException', 'InvalidClient', 'AMAZON_BAD_CREDENTIALS'],
  [401, 'UnauthorizedException', 'MissingCredential', 'AMAZON_TOKEN_REFUSED'],
  [401, 'UnauthorizedException', 'Other', 'AMAZON_TOKEN_REFUSED'],
  [403, 'AccessDeniedException', 'AssociateNotEligible', 'AMAZON_NOT_ELIGIBLE'],
  [403, 'AccessDeniedException', 'AuthorizationFailed', 'AMAZON_FORBIDDEN'],
  [403, 'AccessDeniedException', 'Other', 'AMAZON_FORBIDDEN'],
  [500, 'InternalServerException', undefined, 'AMAZON_UNAVAILABLE'],
] as const

test.each(TABLE)('%i %s %s has its code in every spelling of the body', (status, type, reason, code) => {
  const spellings = [{ type }, { __type: `com.amazon.creators#${type}` }, { __type: `${type}ResponseContent` }]
  for (const spelling of spellings) {
    const refusal = readRefusal(status, { ...spelling, message: 'No.', reason })
    expect(refusal).toMatchObject({ type, reason: reason ?? null })
    if (refusal === undefined) continue
    const error = explainRefusal(refusal, context)
    expect(error.code).toBe(code)
    expect(error.message.startsWith(`${status} ${reason ?? type}: No`)).toBe(true)
    // Another token is worth one try exactly where the token is what Amazon complains about.
    expect(isTokenRefusal(refusal)).toBe(code === 'AMAZON_TOKEN_REFUSED')
  }
})
