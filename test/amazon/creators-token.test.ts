import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTokenSource } from '../../src/amazon/creators-token.ts'
import { createHttpClient } from '../../src/amazon/http-client.ts'
import { currentValue, loadConfig } from '../../src/config.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import { AlbumClock } from '../../src/worker/window/album-clock.ts'
import { AMAZON_STAND_IN, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'

const NEVER = new AbortController().signal

test('a secret whose file cannot be read for a moment fails the token for that moment, as a credential', async () => {
  const standIn = await startAmazonStandIn({ products: [], requestsPerSecond: 1_000 })
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true })
    await standIn.close()
  })
  const file = join(folder, 'secret')
  writeFileSync(file, AMAZON_STAND_IN.credentialSecret)
  const config = loadConfig(['AMAZON_CREDENTIAL_SECRET'], { AMAZON_CREDENTIAL_SECRET_FILE: file })
  const results: string[] = []
  const tokens = createTokenSource({
    ...AMAZON_STAND_IN,
    tokenUrl: standIn.tokenUrl,
    credentialSecret: () => currentValue(config, 'AMAZON_CREDENTIAL_SECRET'),
    post: createHttpClient(5_000, {}),
    onFetched: ({ result }) => results.push(result),
  })
  rmSync(file)
  for (let times = 0; times < 2; times += 1)
    await expect(tokens.get(NEVER)).rejects.toMatchObject({
      code: 'AMAZON_BAD_CREDENTIALS',
      message: expect.stringContaining(file),
    })
  writeFileSync(file, AMAZON_STAND_IN.credentialSecret)
  expect(await tokens.get(NEVER)).toMatch(/./)
  expect(results).toEqual(['AMAZON_BAD_CREDENTIALS', 'AMAZON_BAD_CREDENTIALS', 'ok'])
})

test('albums that wait for one token that cannot be had are as many as fail, so that the lane is held for it', async () => {
  const standIn = await startAmazonStandIn({ products: [], requestsPerSecond: 1_000 })
  onTestFinished(() => standIn.close())
  standIn.behave({ operation: 'token', status: 503, body: {} })
  const tokens = createTokenSource({
    ...AMAZON_STAND_IN,
    tokenUrl: standIn.tokenUrl,
    post: createHttpClient(5_000, {}),
    onFetched: () => undefined,
  })
  const holds: (string | null)[] = []
  const { amazon } = createDependencies((_, hold) => holds.push(hold?.cause ?? null), NEVER)
  const clock = new AlbumClock(60_000)
  const albums = ['1', '2', '3'].map((requestId) =>
    amazon((signal) => tokens.get(signal), NEVER, { requestId, clock }).catch((error) => error.code),
  )
  await expect.poll(() => holds).toEqual(['AMAZON_UNAVAILABLE'])
  expect(standIn.calls).toHaveLength(1)
  standIn.reset()
  await Promise.all(albums)
  expect(holds).toEqual(['AMAZON_UNAVAILABLE', null])
})
