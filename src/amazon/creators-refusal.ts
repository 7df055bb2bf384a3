import { EnrichmentError, type ErrorCode } from '../errors.ts'
import type { CreatorsRefusal } from './creators-reply.ts'

/** What the messages name. */
export interface RefusalContext {
  /** What was asked, for people. */
  query: string
  marketplace: string
  partnerTag: string
  credentialVersion: string
}

/** Reasons of a 401 that another token does not cure. */
const CREDENTIAL_REASONS = ['InvalidIssuer', 'UnsupportedClient', 'InvalidClient']

/** Whether a refusal is about the token, so that a new one may be accepted. */
export function isTokenRefusal({ status, reason }: CreatorsRefusal): boolean {
  return status === 401 && !CREDENTIAL_REASONS.includes(reason ?? '')
}

/** What Amazon said and what to do about it, under one of our codes. */
export function explainRefusal(refusal: CreatorsRefusal, context: RefusalContext): EnrichmentError {
  const { code, remedy } = diagnose(refusal, context)
  const name = refusal.reason ?? refusal.type ?? 'error'
  const fields = refusal.fields.length > 0 ? ` (${refusal.fields.join(', ')})` : ''
  const said = `${refusal.status} ${name}: ${refusal.message.replace(/[.\s]+$/, '')}${fields}`
  return new EnrichmentError(code, `${said}. ${remedy} Asked: ${context.query}.`)
}

function diagnose(refusal: CreatorsRefusal, context: RefusalContext): { code: ErrorCode; remedy: string } {
  const { status, reason, type } = refusal
  const { marketplace, partnerTag, credentialVersion: version } = context
  if (isRetired(refusal)) {
    return { code: 'AMAZON_API_RETIRED', remedy: 'Amazon has switched this API off: move to its successor.' }
  }
  if (reason === 'InvalidPartnerTag' || reason === 'InvalidAssociate') {
    return {
      code: 'AMAZON_INVALID_PARTNER_TAG',
      remedy: `Check that AMAZON_PARTNER_TAG (${partnerTag}) is a store id of ${marketplace} and belongs to this credential's account.`,
    }
  }
  if (status === 401 && reason === 'InvalidIssuer') {
    return {
      code: 'AMAZON_BAD_CREDENTIALS',
      remedy:
        `The token's region is not the one the request names: AMAZON_CREDENTIAL_VERSION is ${version}, AMAZON_MARKETPLACE is ` +
        `${marketplace}. Use the version shown beside the credential (x.1 Americas, x.2 Europe, x.3 Far East).`,
    }
  }
  if (status === 401) {
    return isTokenRefusal(refusal)
      ? {
          code: 'AMAZON_TOKEN_REFUSED',
          remedy: 'A new token was refused as well: check AMAZON_CREDENTIAL_VERSION and AMAZON_URL.',
        }
      : { code: 'AMAZON_BAD_CREDENTIALS', remedy: 'Check AMAZON_CREDENTIAL_ID and its version in Associates Central.' }
  }
  if (status === 403 && reason === 'AssociateNotEligible') {
    return {
      code: 'AMAZON_NOT_ELIGIBLE',
      remedy:
        'The Associates account needs 10 qualified sales in the last 30 days; access is back within about two days of them.',
    }
  }
  if (status === 403) {
    return {
      code: 'AMAZON_FORBIDDEN',
      remedy: 'Check in Associates Central that the application may use the Creators API.',
    }
  }
  if (status === 429) return { code: 'AMAZON_THROTTLED', remedy: 'The request goes again by itself.' }
  if (status === 408 || status >= 500 || type === 'InternalServerException') {
    return { code: 'AMAZON_UNAVAILABLE', remedy: 'The fault is at Amazon; the request may be repeated.' }
  }
  return { code: 'AMAZON_INVALID_REQUEST', remedy: 'Amazon will not take this request however often it is sent.' }
}

function isRetired({ status, message }: CreatorsRefusal): boolean {
  return (
    status === 410 || (status === 403 && /retired|deprecated|no longer (available|supported)|migrat/i.test(message))
  )
}
