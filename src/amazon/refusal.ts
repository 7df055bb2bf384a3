import { EnrichmentError, type ErrorCode } from '../errors.ts'

/** What Amazon said when it refused a request, whichever API it was. */
export interface Refusal {
  status: number
  /** Amazon's name for it, for example InvalidPartnerTag; null when the body does not say. */
  reason: string | null
  message: string
  /** Names of the request's fields that Amazon complains about. */
  fields: string[]
  /** Amazon's hint when to come back. */
  retryAfterMs: number | undefined
}

/** What the messages name. */
export interface RefusalContext {
  /** What was asked, for people. */
  query: string
  marketplace: string
  partnerTag: string
}

export interface Diagnosis {
  code: ErrorCode
  /** A sentence: what to do. */
  remedy: string
}

/** What both APIs say in the same words; undefined when the meaning depends on the API. */
export function diagnoseCommon({ status, reason }: Refusal, context: RefusalContext): Diagnosis | undefined {
  if (reason === 'InvalidPartnerTag' || reason === 'InvalidAssociate') {
    const { partnerTag, marketplace } = context
    return {
      code: 'AMAZON_INVALID_PARTNER_TAG',
      remedy: `Check that AMAZON_PARTNER_TAG (${partnerTag}) is a store id of ${marketplace} and belongs to this credential's account.`,
    }
  }
  if (reason === 'AssociateNotEligible') {
    return {
      code: 'AMAZON_NOT_ELIGIBLE',
      remedy:
        'The Associates account needs 10 qualified sales in the last 30 days; access is back within about two days of them.',
    }
  }
  if (status === 429) return { code: 'AMAZON_THROTTLED', remedy: 'The request goes again by itself.' }
  if (status === 408 || status >= 500) {
    return { code: 'AMAZON_UNAVAILABLE', remedy: 'The fault is at Amazon; the request may be repeated.' }
  }
  return undefined
}

/** Amazon's own words, then what to do about them, under one of our codes. */
export function toError(refusal: Refusal, { code, remedy }: Diagnosis, query: string): EnrichmentError {
  const fields = refusal.fields.length > 0 ? ` (${refusal.fields.join(', ')})` : ''
  const said = `${refusal.status} ${refusal.reason ?? 'error'}: ${refusal.message.replace(/[.\s]+$/, '')}${fields}`
  return new EnrichmentError(code, `${said}. ${remedy} Asked: ${query}.`, {
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
  })
}
