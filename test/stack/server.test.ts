import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { countBrokers } from './ask-broker.ts'
import { createDatabase } from './create-database.ts'
import { startKafka } from './kafka.ts'
import { startPostgres } from './postgres.ts'
import { startRegistry } from './registry.ts'
import type { Server } from './server.ts'

const servers: Server[] = []
async function started<T extends Server>(starting: Promise<T>): Promise<T> {
  const server = await starting
  servers.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

test('PostgreSQL keeps its address and data through a kill', async () => {
  const postgres = await started(startPostgres())
  await createDatabase(postgres.url, 'kept')
  await postgres.kill()
  expect(postgres.pid).toBeUndefined()
  await expect(createDatabase(postgres.url, 'other')).rejects.toThrow()
  await postgres.start()
  await expect(createDatabase(postgres.url, 'kept')).rejects.toThrow('already exists')
})

test('a suspended PostgreSQL answers when it is resumed, not before', async () => {
  const [postgres, other] = await Promise.all([started(startPostgres()), started(startPostgres())])
  const answered = vi.fn()
  postgres.suspend()
  const creating = createDatabase(postgres.url, 'late').then(answered)
  // Time enough for an answer: the other one gives three, one after the other.
  for (const name of ['a', 'b', 'c']) await createDatabase(other.url, name)
  expect(answered).not.toHaveBeenCalled()
  postgres.resume()
  await creating
})

test('Kafka answers again at its address after a kill, and after it was suspended', async () => {
  const kafka = await started(startKafka())
  const port = Number(kafka.brokers.split(':')[1])
  await kafka.kill()
  await expect(countBrokers(port)).rejects.toThrow()
  await kafka.start()
  expect(await countBrokers(port)).toBe(1)
  kafka.suspend()
  const counting = countBrokers(port)
  kafka.resume()
  expect(await counting).toBe(1)
})

test('Kafka starts again though somebody has its port for a moment', async () => {
  const kafka = await started(startKafka())
  const port = Number(kafka.brokers.split(':')[1])
  await kafka.kill()
  const other = createServer()
  await once(other.listen(port, '127.0.0.1'), 'listening')
  const starting = kafka.start()
  const tried = new Set<number | undefined>()
  await expect.poll(() => tried.add(kafka.pid).size).toBeGreaterThan(2)
  other.close()
  await starting
  expect(await countBrokers(port)).toBe(1)
})

test('the schema registry keeps its schemas through a kill', async () => {
  const registry = await started(startRegistry())
  const response = await fetch(`${registry.url}/subjects/thing-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: '{"type":"string"}' }),
  })
  const { id } = (await response.json()) as { id: number }
  await registry.kill()
  await registry.start()
  expect(await (await fetch(`${registry.url}/schemas/ids/${id}`)).json()).toMatchObject({ schema: '{"type":"string"}' })
})
