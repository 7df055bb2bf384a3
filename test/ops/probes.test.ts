import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { createLogger } from '../../src/log.ts'
import { startProbes } from '../../src/ops/probes.ts'

const log = createLogger('fatal')

test('what is missing is told by code and meaning, without addresses, and asked for once a second at most', async () => {
  let asked = 0
  const kafka = async () => {
    asked += 1
    throw new EnrichmentError('KAFKA_UNAVAILABLE', 'Kafka: connect ECONNREFUSED 10.1.2.3:9092')
  }
  const probes = await startProbes(0, { checks: { kafka }, parts: () => ({}) }, log, '127.0.0.1')
  onTestFinished(() => probes.close())
  const askedAt = Date.now()
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${probes.port}/ready`)).json()),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
    new Set([
      JSON.stringify({
        ready: false,
        missing: { kafka: 'KAFKA_UNAVAILABLE: Kafka fails or does not answer' },
        parts: {},
      }),
    ]),
  )
  expect(asked).toBeLessThanOrEqual(1 + (Date.now() - askedAt) / 1_000)
})

test('a server that hangs is missing under its own code', async () => {
  const checks = { database: () => new Promise<void>(() => undefined) }
  const probes = await startProbes(0, { checks, parts: () => ({}) }, log, '127.0.0.1')
  onTestFinished(() => probes.close())
  const answer = await (await fetch(`http://127.0.0.1:${probes.port}/ready`)).json()
  const database = 'DATABASE_UNAVAILABLE: PostgreSQL fails or does not answer (no answer within 4 s)'
  expect(answer).toMatchObject({ ready: false, missing: { database } })
})

test('a path that is none is answered like any other that is not there, and an address that is taken is named', async () => {
  const lines: string[] = []
  const noted = { error: (_fields: object, line: string) => lines.push(line) } as unknown as typeof log
  const probes = await startProbes(0, { checks: {}, parts: () => ({}) }, noted, '127.0.0.1')
  onTestFinished(() => probes.close())
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(probes.port, '127.0.0.1', () => socket.write('GET // HTTP/1.1\r\nhost: x\r\n\r\n'))
  socket.once('data', (answer) => resolve(String(answer)))
  expect(await promise).toContain('404')
  socket.destroy()
  expect(lines).toEqual([])
  await expect(startProbes(probes.port, { checks: {}, parts: () => ({}) }, log, '127.0.0.1')).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(`port ${probes.port} is taken`),
  })
})
