import { spawnSync } from 'node:child_process'
import { expect, inject, test } from 'vitest'
import { startStack } from './start-stack.ts'

test("the user's own servers are used, and nothing is started for them", async () => {
  const env = {
    KAFKA_BROKERS: inject('kafkaBrokers'),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    DATABASE_URL: inject('databaseUrl'),
  }
  const stack = await startStack({ env })
  expect(stack).toMatchObject({
    kafkaBrokers: env.KAFKA_BROKERS,
    registryUrl: env.SCHEMA_REGISTRY_URL,
    databaseUrl: env.DATABASE_URL,
  })
  expect([stack.kafka, stack.registry, stack.postgres]).toEqual([undefined, undefined, undefined])
  await stack.stop()
})

test('without Java and Maven one message says what to install, and nothing is started', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--', 'test/stack/stack.ts'], {
    // An empty cache, so that Maven is needed too.
    env: { PATH: '/nonexistent', HOME: '/nonexistent' },
    encoding: 'utf8',
  })
  expect(stderr).toBe(
    'Java 17 or newer and Maven must be on this machine to run Apache Kafka 4.4.0 and Apicurio Registry 2.6.13.\n' +
      'Install: apt-get install openjdk-17-jre-headless maven (macOS: brew install openjdk maven).\n' +
      'Or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to servers that you have.\n',
  )
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})
