import { expect, test } from 'vitest'
import { signForMsk } from '../../src/kafka/msk-token.ts'

test('without the signer of AWS, which is not ours to bring, it is said how to get it', async () => {
  await expect(signForMsk('eu-west-1')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('npm install aws-msk-iam-sasl-signer-js@'),
  })
})
