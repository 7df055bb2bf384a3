import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const CHAOS = fileURLToPath(new URL('chaos.ts', import.meta.url))

// Secured, since that is more than the same in clear, at the price of the handshakes.
test('a short run with kills at named points and restarts of servers is clean', { timeout: 240_000 }, async () => {
  const { status, output, errors } = await runChaos('--secured', '--kills', '5', '--seed', '7', '--json')
  const figures = JSON.parse(output.trim().split('\n').at(-1) ?? '')
  expect({ status, figures }, errors).toMatchObject({
    status: 0,
    figures: { lost: 0, duplicated: 0, paidTwice: 0, early: 0, retriesEarly: 0, denied: 0, kills: 5, seed: 7 },
  })
  expect(figures.records).toBeGreaterThanOrEqual(100)
})

function runChaos(...args: string[]): Promise<{ status: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--', CHAOS, ...args], (error, output, errors) => {
      resolve({ status: error === null ? 0 : Number(error.code), output, errors })
    })
  })
}
