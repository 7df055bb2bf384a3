import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { AMAZON_STAND_IN, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'

const python = `${process.env.PYTHON_VENV ?? ''}/bin/python`
const script = fileURLToPath(new URL('../foreign/amazon_client.py', import.meta.url))

// On a developer's machine without the virtual environment there is nothing to run; in CI that is a failure.
const isMissing = !existsSync(python) && process.env.CI === undefined

test.skipIf(isMissing).each([
  ['3.1', 'tokenUrl'],
  ['2.1', 'v2TokenUrl'],
] as const)(
  "a client built on Amazon's own SDK takes the stand-in for Amazon, with credentials %s",
  async (version, url) => {
    const standIn = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
    const { credentialId, credentialSecret, partnerTag } = AMAZON_STAND_IN
    const args = [script, standIn.url, standIn[url], version, credentialId, credentialSecret, partnerTag]
    const { stdout } = await promisify(execFile)(python, args)
    expect(JSON.parse(stdout)).toEqual({
      total: 1,
      asins: ['B0TEST0001'],
      titles: ['Kind of Blue'],
      artists: ['Miles Davis'],
      eans: ['0074646493526'],
      price: [9.99, 'USD'],
      rank: 812,
      highRes: null,
      nothingFound: 'ItemsNotFoundError',
      noSuchItem: 'ItemsNotFoundError',
      wrongSecret: 'AuthenticationError',
      wrongTag: 'InvalidArgumentError',
    })
    await standIn.close()
  },
)
