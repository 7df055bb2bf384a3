import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { createGuardedFolder, removeFolder } from './guard.ts'
import { startStack } from './start-stack.ts'

const folder = createGuardedFolder('album-enricher-start-test')
afterAll(() => removeFolder(folder))

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

test('when a server fails to start, the end of its log is told and the others are stopped', () => {
  const temp = createGuardedFolder('temp', folder)
  const bin = createGuardedFolder('bin', folder)
  const java = join(bin, 'java')
  writeFileSync(
    java,
    '#!/bin/sh\n[ "$1" = -version ] && echo \'version "21.0.1"\' >&2 || { echo out of luck; exit 1; }\n',
  )
  chmodSync(java, 0o755)
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--', 'test/stack/stack.ts'], {
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME, TMPDIR: temp },
    encoding: 'utf8',
  })
  expect(stderr).toContain('out of luck')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(readdirSync(temp)).toEqual([])
})
