import { createRequire } from 'node:module'
import { EnrichmentError } from '../errors.ts'

/** AWS's own signer. It brings 75 packages and 29 MB, so who wants it installs it beside the service. */
const PACKAGE = 'aws-msk-iam-sasl-signer-js'

interface Signer {
  generateAuthToken(options: { region: string }): Promise<{ token: string }>
}

/**
 * A token for MSK, which is a signed URL. Credentials are found as every AWS tool finds them.
 *
 * @param region for example eu-west-1
 * @throws EnrichmentError CONFIG_INVALID when the package is not there, KAFKA_BAD_CREDENTIALS when it finds no credentials
 */
export async function signForMsk(region: string): Promise<string> {
  const signer = loadSigner()
  try {
    return (await signer.generateAuthToken({ region })).token
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `KAFKA_SASL_MECHANISM=aws-iam finds no credentials of AWS: ${why}`
    throw new EnrichmentError('KAFKA_BAD_CREDENTIALS', message, { cause: error })
  }
}

function loadSigner(): Signer {
  try {
    return createRequire(import.meta.url)(PACKAGE) as Signer
  } catch (error) {
    const message = `KAFKA_SASL_MECHANISM=aws-iam wants a package that is not here: npm install ${PACKAGE}@1.0.3`
    throw new EnrichmentError('CONFIG_INVALID', message, { cause: error })
  }
}
