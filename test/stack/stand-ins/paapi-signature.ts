import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** Names that a signature must cover (webservices.amazon.com/paapi5/documentation, sending-a-request). */
const MUST_SIGN = ['content-encoding', 'host', 'x-amz-date', 'x-amz-target']
const SERVICE = 'ProductAdvertisingAPI'
const LONGEST_DRIFT_MS = 15 * 60_000

/**
 * Checks an AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request").
 *
 * @returns PA-API's error code, or undefined when the signature is good
 */
export function checkSignature(
  request: SignedRequest,
  account: { accessKey: string; secretKey: string; region: string },
): 'IncompleteSignature' | 'UnrecognizedClient' | 'RequestExpired' | 'InvalidSignature' | undefined {
  const parts = request.headers.authorization?.match(
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/,
  )
  const time = request.headers['x-amz-date']
  if (!parts || typeof time !== 'string') return 'IncompleteSignature'
  const [, key = '', day = '', region = '', service = '', names = '', signature = ''] = parts
  const signed = names.split(';')
  if (MUST_SIGN.some((name) => !signed.includes(name))) return 'IncompleteSignature'
  if (key !== account.accessKey) return 'UnrecognizedClient'
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(Date.now() - at) < LONGEST_DRIFT_MS) || !time.startsWith(day)) return 'RequestExpired'
  if (region !== account.region || service !== SERVICE) return 'InvalidSignature'

  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical(request, signed))].join('\n')
  const signingKey = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${account.secretKey}`,
  )
  const expected = hmac(signingKey, toSign)
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'InvalidSignature'
}

function canonical({ method, path, headers, body }: SignedRequest, signed: string[]): string {
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`).join('')
  return [method, path, '', lines, signed.join(';'), sha256(body)].join('\n')
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
