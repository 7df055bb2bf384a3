/** An HTTP reply with a JSON body. */
export interface Reply {
  status: number
  body: unknown
  headers?: Record<string, string>
}

const refusal = (status: number, type: string, message: string, rest: object = {}): Reply => ({
  status,
  body: { type, message, ...rest },
})

/** Amazon's error bodies, as documented in troubleshooting/error-codes-and-messages or seen in live replies. */
export const refusals = {
  invalid: (field: string, why: string) =>
    refusal(400, 'ValidationException', `Request validation failed: ${why}`, {
      reason: 'FieldValidationFailed',
      // Names in the documents, objects in Amazon's SDKs, which cannot read names.
      fieldList: [{ name: field, message: why }],
    }),
  cannotParse: () =>
    refusal(400, 'ValidationException', 'The request body cannot be parsed.', { reason: 'CannotParse' }),
  unknownOperation: () =>
    refusal(400, 'ValidationException', 'The operation is unknown.', { reason: 'UnknownOperation' }),
  partnerTag: () =>
    refusal(
      400,
      'ValidationException',
      'Partner tag in the request is invalid or is not mapped to the store associated with your credential.',
      { reason: 'InvalidPartnerTag' },
    ),
  invalidAssociate: () =>
    refusal(
      400,
      'ValidationException',
      'Your credential is not linked to the partner tag in the request for the given Marketplace.',
      { reason: 'InvalidAssociate' },
    ),
  token: (reason: 'InvalidToken' | 'TokenExpired' | 'MissingCredential' | 'InvalidIssuer' | 'InvalidClient') =>
    refusal(
      401,
      'UnauthorizedException',
      {
        InvalidToken: 'The authentication token is invalid or malformed',
        TokenExpired: 'Authentication token has expired.',
        MissingCredential: 'The request has no credentials.',
        InvalidIssuer: 'The token was not issued for the credential version in the request.',
        InvalidClient: 'The client of the token is unknown.',
      }[reason],
      { reason },
    ),
  notEligible: () =>
    refusal(403, 'AccessDeniedException', 'Your account does not currently meet the eligibility requirements.', {
      reason: 'AssociateNotEligible',
    }),
  noResults: (query: string): Reply => ({
    status: 404,
    body: {
      __type: 'com.amazon.creators#ResourceNotFoundException',
      message: 'No results found for your search request',
      resourceType: 'SearchResult',
      resourceId: query,
    },
  }),
  noItems: (ids: string) =>
    refusal(404, 'ResourceNotFoundException', 'No items found for the requested item IDs.', {
      resourceType: 'Item',
      resourceId: ids,
    }),
  throttled: (retryAfterSeconds?: number) =>
    refusal(
      429,
      'ThrottleException',
      'The request was denied due to request throttling. Please verify the number of requests made per second.',
      retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    ),
  internal: () =>
    refusal(500, 'InternalServerException', 'An unexpected error occurred while processing your request.'),
  retired: () =>
    refusal(403, 'AccessDeniedException', 'This API has been retired. Please migrate to its successor.', {
      reason: 'Other',
    }),
  badClient: (): Reply => ({
    status: 401,
    body: { error_description: 'Client authentication failed', error: 'invalid_client' },
  }),
  oauth: (error: 'invalid_request' | 'invalid_scope' | 'unsupported_grant_type', description: string): Reply => ({
    status: 400,
    body: { error, error_description: description },
  }),
}
