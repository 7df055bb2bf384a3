import type { EnrichmentError } from '../errors.ts'
import { type Diagnosis, diagnoseCommon, type Refusal, type RefusalContext, toError } from './refusal.ts'

/** Source of the codes: webservices.amazon.com/paapi5/documentation, troubleshooting/error-messages. */
export function explainPaapiRefusal(refusal: Refusal, context: RefusalContext): EnrichmentError {
  return toError(refusal, diagnoseCommon(refusal, context) ?? diagnose(refusal), context.query)
}

/** Whether Amazon asks to slow down; the status says so, or only the code. */
export const isPaapiThrottle = ({ status, reason }: Refusal) => status === 429 || reason === 'TooManyRequests'

const SIGNATURE_CODES = ['InvalidSignature', 'IncompleteSignature', 'UnrecognizedClient', 'AccessDeniedAwsUsers']

function diagnose({ status, reason, message }: Refusal): Diagnosis {
  if (status === 410 || (status === 403 && /deprecated|retired|Creators ?API|migrat/i.test(message))) {
    return {
      code: 'AMAZON_API_RETIRED',
      remedy:
        'Amazon closed PA-API 5.0 in May 2026. Set AMAZON_API=creators, and AMAZON_CREDENTIAL_ID, _SECRET and _VERSION to ' +
        'credentials made under Associates Central > Creators API; the old keys do not work there.',
    }
  }
  if (reason === 'RequestExpired') {
    return { code: 'AMAZON_BAD_CREDENTIALS', remedy: "The signature's time is wrong: set this machine's clock." }
  }
  if (status === 401 || SIGNATURE_CODES.includes(reason ?? '')) {
    return {
      code: 'AMAZON_BAD_CREDENTIALS',
      remedy:
        "Check that AMAZON_CREDENTIAL_ID and AMAZON_CREDENTIAL_SECRET are the account's PA-API access key and secret key.",
    }
  }
  if (status === 403) {
    return {
      code: 'AMAZON_FORBIDDEN',
      remedy: 'Check in Associates Central that the keys may use the Product Advertising API.',
    }
  }
  return { code: 'AMAZON_INVALID_REQUEST', remedy: 'Amazon will not take this request however often it is sent.' }
}
