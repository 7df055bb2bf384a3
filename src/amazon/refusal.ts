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

/** Fields that say the same in each request besides the partner tag, in lower case: no album is at fault for them. */
const SHARED = ['partnertype', 'marketplace', 'resources', 'searchindex', 'itemcount', 'availability', 'itemidtype']

/** What both APIs say in the same words; undefined when the meaning depends on the API. */
export function diagnoseCommon(refusal: Refusal, context: RefusalContext): Diagnosis | undefined {
  const { status, reason } = refusal
  const { partnerTag, marketplace } = context
  const named = refusedFields(refusal)
  if (reason === 'InvalidPartnerTag' || reason === 'InvalidAssociate' || named.includes('partnertag')) {
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
  const shared = named.filter((name) => SHARED.includes(name))
  if (shared.length > 0) {
    return {
      code: 'AMAZON_FORBIDDEN',
      remedy:
        `Every request says the same there (${shared.join(', ')}): check that AMAZON_MARKETPLACE (${marketplace}) is a site ` +
        "of this credential's account; if it is, ask for a newer version of this service.",
    }
  }
  // A gateway's 404 has no reason; that of products is no refusal.
  if (reason === 'UnknownOperation' || (status === 404 && reason === null)) {
    return { code: 'AMAZON_FORBIDDEN', remedy: 'Amazon has nothing at this address: check AMAZON_URL and AMAZON_API.' }
  }
  if (status === 429) return { code: 'AMAZON_THROTTLED', remedy: 'The request goes again by itself.' }
  if (status === 408 || status >= 500) {
    return { code: 'AMAZON_UNAVAILABLE', remedy: 'The fault is at Amazon; the request may be repeated.' }
  }
  return undefined
}

/**
 * How Amazon names a field where it does so in words alone. A value may stand before the name, and is the album's: the
 * last name counts.
 * Sources: recorded replies of both APIs; webservices.amazon.com/paapi5/documentation, troubleshooting/error-messages.
 */
const WORDINGS = [
  /^.* provided in the request for (\w+) is invalid/s,
  /^The (\w+) .*provided in the request is invalid/s,
  /^.* at '?([\w.-]+)'? failed to satisfy constraint/s,
]
/** No value is named where one is missing. */
const MISSING = /\b(PartnerTag|PartnerType|Marketplace|Resources)\b/i

/**
 * The fields of a request that Amazon calls invalid or missing, in lower case: `partnertag`, and for `x-marketplace` and
 * `resources.1.member` `marketplace` and `resources`. Empty where it names none.
 */
export function refusedFields({ status, reason, message, fields }: Refusal): string[] {
  // PA-API puts failures into replies with status 200, too.
  if (status !== 400 && status !== 200) return []
  const wordings = reason === 'MissingParameter' ? [MISSING] : WORDINGS
  const named = fields.length > 0 ? fields : wordings.flatMap((wording) => wording.exec(message)?.[1] ?? [])
  return named.map((name) => name.toLowerCase().replace(/^x-/, '').replace(/\..*$/s, ''))
}

/** Whether a refusal is of nothing but the ASINs that were asked for. */
export function isAboutItems(refusal: Refusal): boolean {
  const named = refusedFields(refusal)
  return named.length > 0 && named.every((name) => name === 'itemid' || name === 'itemids')
}

/** Amazon's own words, then what to do about them, under one of our codes. */
export function toError(refusal: Refusal, { code, remedy }: Diagnosis, query: string): EnrichmentError {
  const fields = refusal.fields.length > 0 ? ` (${refusal.fields.join(', ')})` : ''
  const said = `${refusal.status} ${refusal.reason ?? 'error'}: ${refusal.message.replace(/[.\s]+$/, '')}${fields}`
  return new EnrichmentError(code, `${said}. ${remedy} Asked: ${query}.`, {
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
  })
}
