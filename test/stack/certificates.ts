import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PEM files of a certificate. */
export interface Certificate {
  cert: string
  key: string
  /** Key and chain in one file, as Kafka's PEM stores want it. */
  keystore: string
}

/** An authority that signs certificates for servers and clients of a test. */
export interface Authority {
  /** Path of its certificate. */
  ca: string
  /**
   * @param name goes into the files' names and the subject
   * @param days how long it is good; less than 0: expired
   */
  issue(name: string, options?: { names?: string; days?: number }): Certificate
}

const ADDRESSES = 'IP:127.0.0.1,DNS:localhost'

/** Makes an authority whose files are in `folder`. */
export function createAuthority(folder: string, name = 'test-ca'): Authority {
  const path = (file: string) => join(folder, `${name}-${file}`)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [ca, caKey] = [path('ca.pem'), path('ca.key')]
  const key = ['-newkey', 'rsa:2048', '-nodes']
  openssl('req', '-x509', ...key, '-days', '30', '-subj', `/CN=${name}`, '-keyout', caKey, '-out', ca)
  return {
    ca,
    issue(subject, { names = ADDRESSES, days = 30 } = {}) {
      const [request, extensions, cert] = [path(`${subject}.csr`), path(`${subject}.ext`), path(`${subject}.pem`)]
      const [privateKey, keystore] = [path(`${subject}.key`), path(`${subject}-store.pem`)]
      // OpenSSL 3 writes the key as PKCS 8, the form that Kafka reads.
      openssl('req', ...key, '-subj', `/CN=${subject}`, '-keyout', privateKey, '-out', request)
      writeFileSync(extensions, `subjectAltName=${names}\n`)
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions]
      openssl('x509', '-req', '-in', request, ...signed, '-days', String(days), '-out', cert)
      writeFileSync(keystore, [privateKey, cert, ca].map((file) => readFileSync(file, 'utf8')).join(''))
      return { cert, key: privateKey, keystore }
    },
  }
}
