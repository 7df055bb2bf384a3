import { expect, test } from 'vitest'
import { SchemaRegistry } from '../../../src/kafka/schema-registry.ts'
import { runVerb } from '../../stack/service-process.ts'

const PORTS = { kafka: '127.0.0.1:10', registry: '127.0.0.1:12', database: '127.0.0.1:14' }

test('a server that is not there is told with its address, the setting that names it and what to do', async () => {
  const { status, output } = await runVerb(
    {
      KAFKA_BROKERS: PORTS.kafka,
      SCHEMA_REGISTRY_URL: `http://me:hush-registry@${PORTS.registry}`,
      DATABASE_URL: `postgresql://me:hush-database@${PORTS.database}/albums`,
    },
    'status',
  )
  expect(status).toBe(1)
  const told = (server: string, setting: string) =>
    expect(output).toMatch(new RegExp(`${server}: .*ECONNREFUSED .*: nothing listens there: .* mend ${setting}`))
  told('Kafka', 'KAFKA_BROKERS')
  told('schema registry', 'SCHEMA_REGISTRY_URL')
  told('PostgreSQL', 'DATABASE_URL')
  for (const address of Object.values(PORTS)) expect(output).toContain(address)
  expect(output).not.toContain('hush')
})

test('a registry that is not there is not said to have answered', async () => {
  const registry = new SchemaRegistry(`http://${PORTS.registry}`)
  await expect(registry.openCodec('albums', '"string"')).rejects.toMatchObject({
    message: `schema registry: connect ECONNREFUSED ${PORTS.registry}: nothing listens there: start the server, or mend SCHEMA_REGISTRY_URL`,
  })
})
