import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
      'Or, without Java, start a Docker engine that this user may use.\n' +
      'Or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to servers that you have.\n',
  )
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})

test('without Java, with a Docker engine, the servers of the compose file are started, and ended when one fails', () => {
  const bin = createGuardedFolder('bin', folder)
  const calls = join(bin, 'calls')
  writeFileSync(
    join(bin, 'docker'),
    `#!/bin/sh\necho "$*" >>'${calls}'\ncase "$*" in *' up '*) echo port is taken >&2; exit 1;; esac\n`,
  )
  chmodSync(join(bin, 'docker'), 0o755)
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--', 'test/stack/stack.ts'], {
    env: { PATH: bin, HOME: '/nonexistent' },
    encoding: 'utf8',
  })
  expect(stderr).toContain('port is taken')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  const project = /^compose --project-name album-enricher-demo --file \S+\/docker-compose\.yml /
  const done = readFileSync(calls, 'utf8').trim().split('\n').slice(2)
  expect(done.map((call) => call.replace(project, ''))).toEqual([
    'down --volumes',
    'up --detach --wait kafka registry postgres',
    'down --volumes',
  ])
})

test('when a server fails to start, the end of its log is told and the others are stopped', async () => {
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
  // The guard outlives it by a moment.
  await expect.poll(() => readdirSync(temp)).toEqual([])
})
