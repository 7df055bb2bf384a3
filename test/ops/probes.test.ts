import { tracingChannel } from 'node:diagnostics_channel'
import { connect, type Server } from 'node:net'
import { Gauge } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { createLogger } from '../../src/log.ts'
import { registry } from '../../src/metrics.ts'
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

/** The line of each error, with what it tells. */
function noting(): { lines: [string, unknown][]; log: typeof log } {
  const lines: [string, unknown][] = []
  const error = ({ err }: { err: Error }, line: string) => lines.push([line, err.message])
  return { lines, log: { error } as unknown as typeof log }
}

test('metrics that cannot be told are a failure that is answered, and the next question too', async () => {
  const noted = noting()
  const collect = () => {
    throw new Error('cannot be collected')
  }
  registry.registerMetric(new Gauge({ name: 'broken', help: 'broken', registers: [], collect }))
  onTestFinished(() => registry.removeSingleMetric('broken'))
  const probes = await startProbes(0, { checks: {}, parts: () => ({}) }, noted.log, '127.0.0.1')
  onTestFinished(() => probes.close())
  expect((await fetch(`http://127.0.0.1:${probes.port}/metrics`)).status).toBe(500)
  registry.removeSingleMetric('broken')
  expect((await fetch(`http://127.0.0.1:${probes.port}/metrics`)).status).toBe(200)
  expect(noted.lines).toEqual([['probe failed', 'cannot be collected']])
})

test('however many connections cannot be accepted, they are logged and the next one is served', async () => {
  const noted = noting()
  const servers: Server[] = []
  const subscriber = { asyncStart: ({ server }: { server: Server }) => servers.push(server) }
  const listening = tracingChannel<unknown, { server: Server }>('net.server.listen')
  listening.subscribe(subscriber as never)
  onTestFinished(() => void listening.unsubscribe(subscriber as never))
  const probes = await startProbes(0, { checks: {}, parts: () => ({}) }, noted.log, '127.0.0.1')
  onTestFinished(() => probes.close())
  for (const code of ['EMFILE', 'ENFILE'])
    for (const server of servers) server.emit('error', Object.assign(new Error(`accept ${code}`), { code }))
  expect(noted.lines).toEqual([
    ['probe failed', 'accept EMFILE'],
    ['probe failed', 'accept ENFILE'],
  ])
  expect((await fetch(`http://127.0.0.1:${probes.port}/live`)).status).toBe(200)
})
