/** What the settings of one connection are called. */
interface Names {
  /** Where the other end's address stands. */
  address: string
  ca: string
  /** Our own certificate and key. */
  cert: string
  /** What gives the name that the certificate must carry, if anything does beside the address. */
  serverName?: string
}

/**
 * What a person can do about a TLS handshake that failed, in words that name the setting.
 *
 * @param error of Node, or one that has taken over its code or only its message, as libraries do
 * @returns undefined when it is no error of TLS
 */
export function explainTls(error: unknown, { address, ca, cert, serverName }: Names): string | undefined {
  const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: unknown; cause?: unknown }
  const text = `${code} ${message}`
  const has = (pattern: RegExp) => pattern.test(text)
  // https://nodejs.org/api/tls.html#x509-certificate-error-codes, and OpenSSL's words for them
  if (
    has(/SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_UNTRUSTED|INVALID_CA/) ||
    has(/self-signed certificate|unable to (verify the first|get local issuer|get issuer) certificate/)
  )
    return `nobody who is trusted signed its certificate: let ${ca} name the PEM file of the authority that did`
  if (has(/CERT_(HAS_EXPIRED|NOT_YET_VALID)|certificate (has expired|is not yet valid)/))
    return `renew the certificate of the server that ${address} names, or set this clock right`
  if (has(/ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/)) {
    const other = serverName === undefined ? '' : `, or let ${serverName} say the name`
    return `its certificate is for another name: let ${address} use a name that it carries${other}`
  }
  if (has(/ALERT_(PROTOCOL_VERSION|HANDSHAKE_FAILURE)|UNSUPPORTED_PROTOCOL/))
    return `it speaks no version or cipher of TLS that this end takes too: ${address}`
  if (has(/ERR_SSL_\w{0,60}ALERT_|alert (bad certificate|certificate|unknown ca|handshake failure)/i))
    return `it does not take our certificate: let ${cert} name one that is good there, signed by an authority it trusts`
  if (has(/ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|wrong version number|packet length too long/))
    return `what answers there does not speak TLS: ${address}`
  return cause instanceof Error
    ? explainTls(cause, { address, ca, cert, ...(serverName && { serverName }) })
    : undefined
}
