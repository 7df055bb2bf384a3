import kafkajs, { type AuthenticationProviderArgs, type Mechanism } from 'kafkajs'

/** Its type leaves the message out. */
const AuthenticationError = kafkajs.KafkaJSSASLAuthenticationError as unknown as new (message: string) => Error

const SOH = '\u0001'

/**
 * Kafka's SASL/OAUTHBEARER (RFC 7628, KIP-255). KafkaJS has its own, which takes the server's refusal for a yes: a refusal
 * comes as data, and only after the client has answered it does the server give the error (RFC 7628, section 3.2.3).
 *
 * @param fetchToken asked at each login
 */
export function oauthBearer(fetchToken: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }: AuthenticationProviderArgs) => ({
      async authenticate() {
        const token = await fetchToken()
        const ask = (message: string) =>
          saslAuthenticate<string>({
            request: { encode: () => withSize(Buffer.from(message)) },
            response: { decode: withoutSize, parse: (answer: Buffer) => answer.toString() },
          })
        try {
          const refusal = await ask(`n,,${SOH}auth=Bearer ${token}${SOH}${SOH}`)
          if (!refusal) return
          await ask(SOH)
          throw new Error(refusal)
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          throw new AuthenticationError(`SASL OAUTHBEARER authentication failed: ${why}`)
        }
      },
    }),
  }
}

function withSize(message: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(message.length)
  return Buffer.concat([size, message])
}

const withoutSize = (answer: Buffer) => answer.subarray(4)
