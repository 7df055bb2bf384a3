import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { ERROR_CODES } from '../../src/errors.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'

/** A door in front of the registry that can make it answer like one that has lost its state: well, and with no schema. */
async function startForgetfulRegistry(target: string): Promise<{ url: string; forgets: boolean }> {
  const door = { url: '', forgets: false }
  const server = createServer(async (request, response) => {
    const isSchema = request.url?.startsWith('/schemas/ids/')
    const answer =
      door.forgets && isSchema
        ? Response.json({ error_code: 40403, message: 'Schema not found' }, { status: 404 })
        : await fetch(`${target}${request.url}`, {
            method: request.method ?? 'GET',
            headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
            ...(request.method === 'POST' && { body: await buffer(request) }),
          })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  door.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return door
}

const UNKNOWN_SCHEMA = Buffer.concat([Buffer.from([0, 0, 0x7f, 0xff, 0xff]), Buffer.from('x')])

test('a registry that answers and has lost its state holds intake and lane, which tell why and go on when it is mended', async () => {
  const { env, start, publish, send, results, dead } = await createScenario()
  const real = env.SCHEMA_REGISTRY_URL
  const registry = await startForgetfulRegistry(real)
  env.SCHEMA_REGISTRY_URL = registry.url
  const service = start()
  await service.waitForLog('lane running')
  env.SCHEMA_REGISTRY_URL = real

  registry.forgets = true
  await send(env.TOPIC_IMPORTED, { key: '1', value: UNKNOWN_SCHEMA })
  await publish(anAlbum('1'))
  await service.waitForLog(isHeldFor('intake', 'intake_REGISTRY_UNAVAILABLE'))
  await expect
    .poll(() => service.ready())
    .toMatchObject({
      ready: true,
      parts: { intake: { state: 'held' }, worker: { state: 'running' } },
    })
  // Servers' own words are not for an open port.
  expect((await service.ready()).parts.intake.holds[0]).toEqual({
    cause: 'intake_REGISTRY_UNAVAILABLE',
    meaning: ERROR_CODES.REGISTRY_UNAVAILABLE,
    since: expect.any(String),
  })
  const metric = 'album_enricher_lane_held{cause="intake_REGISTRY_UNAVAILABLE"} 1'
  expect(await service.metrics()).toContain(metric)
  const status = async () => (await runVerb(env, 'status')).output
  await expect
    .poll(status)
    .toMatch(
      /the lane is running\nintake is held\n[\s\S]*held for intake_REGISTRY_UNAVAILABLE since \S+: .*it has lost its state/,
    )
  registry.forgets = false
  await dead.waitFor((records) => records.length === 1, 'the dead letter of intake')
  await results.waitFor((records) => records.length === 1, 'the album behind it')
  expect(await service.ready()).toMatchObject({ parts: { intake: { state: 'running', holds: [] } } })
  expect(await service.metrics()).not.toContain(metric)

  registry.forgets = true
  await send(env.TOPIC_ENRICHMENT, { key: '2', value: UNKNOWN_SCHEMA })
  await publish(anAlbum('2'))
  await service.waitForLog(isHeldFor('lane', 'REGISTRY_UNAVAILABLE'))
  await expect
    .poll(() => service.ready())
    .toMatchObject({
      ready: true,
      parts: {
        intake: { state: 'running' },
        worker: { state: 'held', holds: [{ cause: 'REGISTRY_UNAVAILABLE' }] },
      },
    })
  registry.forgets = false
  await dead.waitFor((records) => records.length === 2, 'the dead letter of the lane')
  await results.waitFor((records) => records.length === 2, 'the album behind that')
  await expect.poll(async () => (await service.ready()).parts.worker).toEqual({ state: 'running', holds: [] })
  expect(await service.stop()).toBe(0)
  expect((await dead.readToEnd()).map(({ headers }) => headers['enricher-error-code'])).toEqual([
    'SCHEMA_UNKNOWN',
    'SCHEMA_UNKNOWN',
  ])
  expect(await status()).not.toContain('held for')
})
