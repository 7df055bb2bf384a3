import { expect, test } from 'vitest'
import { lacks, runTool } from './tools.ts'

test.skipIf(lacks('hadolint'))('the Dockerfile has no fault that hadolint knows', async () => {
  expect(await runTool('hadolint', ['Dockerfile'])).toBe('')
})

const FILLED = {
  POSTGRES_PASSWORD: 'x',
  GRAFANA_PASSWORD: 'x',
  AMAZON_CREDENTIAL_ID: 'x',
  AMAZON_CREDENTIAL_SECRET: 'x',
  AMAZON_PARTNER_TAG: 'x',
}

test.skipIf(lacks('docker-compose'))('the compose file is whole, and says which secrets it lacks', async () => {
  await runTool('docker-compose', ['config', '-q'], FILLED)
  const without = runTool('docker-compose', ['config', '-q'], { ...FILLED, AMAZON_CREDENTIAL_SECRET: '' })
  await expect(without).rejects.toThrow('set AMAZON_CREDENTIAL_SECRET in .env')
})
