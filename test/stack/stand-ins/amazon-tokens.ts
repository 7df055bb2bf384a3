import { randomUUID } from 'node:crypto'
import { type Reply, refusals } from './amazon-refusals.ts'

export interface Tokens {
  /** Answers a request to the token endpoint of version 3 (JSON) or 2 (a form). */
  issue(kind: 'v3' | 'v2', contentType: string, body: string, authorization: string | undefined): Reply
  /** Why Amazon would refuse this Authorization header; undefined when it is good. */
  check(authorization: string | undefined): Reply | undefined
  revokeAll(): void
}

export interface TokenRules {
  credentialId: string
  credentialSecret: string
  /** Version of the form credentials, which requests must repeat. */
  v2Version: string
  expiresInSeconds: number
}

/** The OAuth side of the stand-in: client credentials only, tokens that expire and can be revoked. */
export function createTokens(rules: TokenRules): Tokens {
  const issued = new Map<string, { kind: 'v3' | 'v2'; expiresAt: number }>()

  function readFields(kind: 'v3' | 'v2', contentType: string, body: string): Record<string, unknown> | undefined {
    const wants = kind === 'v3' ? 'application/json' : 'application/x-www-form-urlencoded'
    if (contentType.split(';')[0]?.trim().toLowerCase() !== wants) return undefined
    if (kind === 'v2') return Object.fromEntries(new URLSearchParams(body))
    try {
      const parsed: unknown = JSON.parse(body)
      return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined
    } catch {
      return undefined
    }
  }

  return {
    issue(kind, contentType, body, authorization) {
      const fields = readFields(kind, contentType, body)
      if (!fields) return refusals.oauth('invalid_request', 'The request is not in the content type of this endpoint')
      if (kind === 'v2' && authorization?.startsWith('Basic ')) {
        const [id, secret] = Buffer.from(authorization.slice(6), 'base64').toString().split(':')
        Object.assign(fields, { client_id: id, client_secret: secret })
      }
      if (fields.grant_type !== 'client_credentials') {
        return refusals.oauth('unsupported_grant_type', 'The grant type is not supported')
      }
      if (fields.client_id !== rules.credentialId || fields.client_secret !== rules.credentialSecret) {
        return refusals.badClient()
      }
      const scope = kind === 'v3' ? 'creatorsapi::default' : 'creatorsapi/default'
      if (fields.scope !== scope) return refusals.oauth('invalid_scope', `The scope must be ${scope}`)
      const token = `token-${randomUUID()}`
      const { expiresInSeconds } = rules
      issued.set(token, { kind, expiresAt: Date.now() + expiresInSeconds * 1000 })
      const reply = { access_token: token, expires_in: expiresInSeconds }
      return {
        status: 200,
        body: kind === 'v3' ? { ...reply, scope, token_type: 'bearer' } : { ...reply, token_type: 'Bearer' },
      }
    },
    check(authorization) {
      const parts = authorization?.match(/^Bearer ([^\s,]+)(?:, Version (\d\.\d))?$/)
      if (!parts) return refusals.token(authorization === undefined ? 'MissingCredential' : 'InvalidToken')
      const [, token = '', version] = parts
      const known = issued.get(token)
      if (!known) return refusals.token('InvalidToken')
      if (known.expiresAt <= Date.now()) return refusals.token('TokenExpired')
      const expected = known.kind === 'v2' ? rules.v2Version : undefined
      return version === expected ? undefined : refusals.token('InvalidIssuer')
    },
    revokeAll: () => issued.clear(),
  }
}
