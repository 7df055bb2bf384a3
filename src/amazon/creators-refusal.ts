import type { EnrichmentError } from '../errors.ts'
import type { CreatorsRefusal } from './creators-reply.ts'
import { type Diagnosis, diagnoseCommon, type RefusalContext, toError } from './refusal.ts'

export interface CreatorsContext extends RefusalContext {
  credentialVersion: string
}

/** Reasons of a 401 that another token does not cure. */
const CREDENTIAL_REASONS = ['InvalidIssuer', 'UnsupportedClient', 'InvalidClient']

/** Whether a refusal is about the token, so that a new one may be accepted. */
export function isTokenRefusal({ status, reason }: CreatorsRefusal): boolean {
  return status === 401 && !CREDENTIAL_REASONS.includes(reason ?? '')
}

/** Source of the reasons: affiliate-program.amazon.com/creatorsapi/docs, troubleshooting/error-codes-and-messages. */
export function explainRefusal(refusal: CreatorsRefusal, context: CreatorsContext): EnrichmentError {
  const named = { ...refusal, reason: refusal.reason ?? refusal.type }
  return toError(named, diagnoseCommon(refusal, context) ?? diagnose(refusal, context), context.query)
}

function diagnose(refusal: CreatorsRefusal, context: CreatorsContext): Diagnosis {
  const { status, reason, message } = refusal
  if (status === 410 || (status === 403 && /retired|deprecated|no longer (available|supported)/i.test(message))) {
    return { code: 'AMAZON_API_RETIRED', remedy: 'Amazon has switched this API off: move to its successor.' }
  }
  if (reason === 'InvalidIssuer') {
    return {
      code: 'AMAZON_BAD_CREDENTIALS',
      remedy:
        `The token is not from the region that the request names: AMAZON_CREDENTIAL_VERSION is ${context.credentialVersion}, ` +
        `AMAZON_MARKETPLACE is ${context.marketplace}. Use the version shown beside the credential in Associates Central ` +
        '(x.1 Americas, x.2 Europe, Middle East and India, x.3 Far East and Australia) and a site of its region.',
    }
  }
  if (isTokenRefusal(refusal)) {
    return {
      code: 'AMAZON_TOKEN_REFUSED',
      remedy: 'A new token was refused as well: check AMAZON_CREDENTIAL_VERSION and AMAZON_URL.',
    }
  }
  if (status === 401) {
    return {
      code: 'AMAZON_BAD_CREDENTIALS',
      remedy: 'Check AMAZON_CREDENTIAL_ID and its version in Associates Central.',
    }
  }
  if (status === 403) {
    return {
      code: 'AMAZON_FORBIDDEN',
      remedy: 'Check in Associates Central that the application may use the Creators API.',
    }
  }
  return { code: 'AMAZON_INVALID_REQUEST', remedy: 'Amazon will not take this request however often it is sent.' }
}
