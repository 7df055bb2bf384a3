import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

const BEGIN = '-----BEGIN '
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

/**
 * PEM text: the value itself, or what the file holds whose path it is.
 *
 * @throws Error that says what is wrong with it, without its content
 */
export function readPem(value: string): string {
  const pem = value.includes(BEGIN) ? value : readFileSync(value, 'utf8')
  if (!pem.includes(BEGIN)) throw new Error('the file holds no PEM')
  for (const certificate of pem.match(CERTIFICATE) ?? []) new X509Certificate(certificate)
  return pem
}

/** Whether there is PEM to be read. */
export function isPem(value: string): boolean {
  try {
    return readPem(value) !== ''
  } catch {
    return false
  }
}
