import { createSecureContext } from 'node:tls'
import type { KafkaConfig, Mechanism, SASLOptions } from 'kafkajs'
import { type Config, currentValue } from '../config.ts'
import { EnrichmentError } from '../errors.ts'
import { readPem } from '../read-pem.ts'
import { signForMsk } from './msk-token.ts'
import { oauthBearer } from './oauth-bearer.ts'
import { createTokenSource } from './oauth-token.ts'

/** How brokers are spoken to. */
export type KafkaSecurity = Pick<KafkaConfig, 'ssl' | 'sasl'>

/**
 * TLS and login of the brokers, from the settings. Files are read anew for each connection, so certificates and passwords
 * may be changed while the service runs.
 *
 * @throws EnrichmentError CONFIG_INVALID when certificate and key do not belong together
 */
export function kafkaSecurity(config: Config<'kafka' | 'http'>): KafkaSecurity {
  const protocol = config.KAFKA_SECURITY_PROTOCOL
  return {
    ...(protocol.endsWith('ssl') && { ssl: tlsOptions(config) }),
    ...(protocol.startsWith('sasl') && { sasl: saslOptions(config) }),
  }
}

function tlsOptions(config: Config<'kafka'>): NonNullable<Exclude<KafkaConfig['ssl'], boolean>> {
  const pemOf = (name: 'KAFKA_SSL_CA' | 'KAFKA_SSL_CERT' | 'KAFKA_SSL_KEY') => {
    const value = currentValue(config, name)
    return value === undefined ? undefined : readPem(value)
  }
  const options = {
    ...(config.KAFKA_SSL_SERVER_NAME !== undefined && { servername: config.KAFKA_SSL_SERVER_NAME }),
    // KafkaJS copies the options for each connection, and so asks for them anew.
    get ca() {
      return pemOf('KAFKA_SSL_CA')
    },
    get cert() {
      return pemOf('KAFKA_SSL_CERT')
    },
    get key() {
      return pemOf('KAFKA_SSL_KEY')
    },
  }
  try {
    const { ca, cert, key } = options
    createSecureContext({ ca, cert, key })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `KAFKA_SSL_CA, KAFKA_SSL_CERT, KAFKA_SSL_KEY: cannot be used together: ${why}`
    throw new EnrichmentError('CONFIG_INVALID', message, { cause: error })
  }
  return options as NonNullable<Exclude<KafkaConfig['ssl'], boolean>>
}

function saslOptions(config: Config<'kafka' | 'http'>): SASLOptions | Mechanism {
  const mechanism = config.KAFKA_SASL_MECHANISM
  if (mechanism === 'oauthbearer') return oauthBearer(createTokenSource(config))
  // The brokers of MSK take a signed URL as the token of that mechanism.
  if (mechanism === 'aws-iam') return oauthBearer(() => signForMsk(config.KAFKA_AWS_REGION ?? ''))
  return {
    mechanism: mechanism ?? 'plain',
    // Asked for at each login.
    get username() {
      return currentValue(config, 'KAFKA_SASL_USERNAME') ?? ''
    },
    get password() {
      return currentValue(config, 'KAFKA_SASL_PASSWORD') ?? ''
    },
  } as SASLOptions
}
