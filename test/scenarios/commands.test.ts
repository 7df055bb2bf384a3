import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MikroORM } from '@mikro-orm/postgresql'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { createTestEnv } from '../stack/test-env.ts'

// A command is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LETTERS = 5_002

/** Runs a line of shell; what it wrote and, by PIPESTATUS, how its first command ended. */
async function runShell(env: Record<string, string>, line: string) {
  const child = spawn('bash', ['-c', `${line}; echo "status \${PIPESTATUS[0]}"`], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  await once(child, 'close')
  return { stdout, stderr }
}

test('what a verb prints is whole in a pipe, whoever reads it how slowly, and ends well when the reader goes', async () => {
  const { env, send } = await createScenario()
  const headers = { 'enricher-error-code': 'RECORD_INVALID', 'enricher-error-message': 'title is ""' }
  const letters = Array.from({ length: LETTERS }, (_, index) => ({ key: String(index), value: 'none', headers }))
  await send(`${env.TOPIC_ENRICHMENT}.dead`, ...letters)
  const list = (rest: string) => runShell(env, `src/cli.ts dead list --json | ${rest}`)

  const whole = await list('{ sleep 1; cat; }')
  expect(JSON.parse(whole.stdout.split('\n')[0] ?? '').deadLetters.length).toBe(LETTERS)
  expect(whole.stdout).toMatch(/\nstatus 0\n$/)
  expect(whole.stderr).not.toContain('Error')
  for (const reader of ['head -c 100 > /dev/null', 'true']) {
    const { stdout, stderr } = await list(reader)
    expect([reader, stdout]).toEqual([reader, 'status 0\n'])
    expect(stderr).not.toMatch(/EPIPE|Error|^ +at /m)
  }
  const table = await runShell(env, 'src/cli.ts dead list | { sleep 1; tail -n +2 | wc -l; }')
  expect(table.stdout).toBe(`${LETTERS}\nstatus 0\n`)

  const file = join(tmpdir(), `${env.KAFKA_GROUP_PREFIX}.jsonl`)
  onTestFinished(() => rmSync(file, { force: true }))
  expect((await runVerb(env, 'dead', 'export', file)).output).toContain(`${LETTERS} dead letters written`)
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBe(LETTERS)
})

async function listDatabases(): Promise<string[]> {
  const options = { clientUrl: inject('databaseUrl'), entities: [], discovery: { warnWhenNoEntities: false } }
  const orm = await MikroORM.init(options)
  try {
    const rows = await orm.em.getConnection().execute<{ datname: string }[]>('select datname from pg_database')
    return rows.map(({ datname }) => datname)
  } finally {
    await orm.close()
  }
}

test('no verb makes a mistyped database, each says that it is not there, and setup makes it when told to', async () => {
  const { env } = await createScenario()
  const name = `${env.KAFKA_GROUP_PREFIX}_mistyped`
  const mistyped = { ...env, DATABASE_URL: env.DATABASE_URL.replace(/[^/]+$/, name) }
  const verbs = ['setup', 'setup --check', 'status', 'show 1', 'enrich 1', 'pause', 'resume', 'dead list', 'run']
  for (const verb of verbs) {
    const { status, output } = await runVerb(mistyped, ...verb.split(' '))
    expect([verb, status, output]).toEqual([verb, 2, expect.stringContaining(`database "${name}" does not exist`)])
    expect(output).toContain('setup --create-database')
    expect(output).not.toMatch(/^ +at /m)
  }
  expect(await listDatabases()).not.toContain(name)
  expect((await runVerb(mistyped, 'setup', '--create-database')).status).toBe(0)
  expect(await listDatabases()).toContain(name)
  expect((await runVerb(mistyped, 'status')).status).toBe(0)
})

test('on an empty set-up status says what is missing and that nothing is away, and looking changes nothing', async () => {
  const env = await createTestEnv()
  for (const verb of [['status'], ['setup', '--check']]) {
    const { status, output } = await runVerb(env, ...verb)
    expect(status).toBe(2)
    expect(output).not.toContain('does not answer')
    expect(output).toContain(`topic ${env.TOPIC_IMPORTED} does not exist: run \`album-enricher setup\``)
    expect(output).toContain('the database lacks m0001-first-tables')
    expect(output).toContain(`subject ${env.TOPIC_IMPORTED}-value lacks this build's schema`)
  }
  for (const verb of ['show 1', 'enrich 1', 'pause', 'resume', 'dead list', 'dead retry --all', 'dead delete --all']) {
    const { status, output } = await runVerb(env, ...verb.split(' '))
    expect([verb, status, output]).toEqual([
      verb,
      2,
      expect.stringMatching(/^the database lacks m0001.*TABLES_OUTDATED/),
    ])
  }
  const told = await runVerb(env, 'status', '--json')
  const { away, missing, lane } = JSON.parse(told.output.split('\n').at(-1) ?? '')
  expect([told.status, away, lane, missing.length > 2]).toEqual([2, {}, null, true])
})

test('a file that is not there and a port that is taken are told with their remedy, and are to be mended', async () => {
  const { env } = await createScenario()
  for (const verb of [
    ['publish', '/nowhere/albums.jsonl'],
    ['dead', 'export', '/nowhere/dead.jsonl'],
  ]) {
    const { status, output } = await runVerb(env, ...verb)
    expect(status).toBe(2)
    expect(output).toMatch(/^\/nowhere\/\S+ cannot be (read|written): there is no such file.* \(FILE_UNUSABLE\)$/)
  }
  const server = createServer().listen(0)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const taken = await runVerb({ ...env, METRICS_PORT: String(port) }, 'run')
  expect(taken.status).toBe(2)
  expect(taken.output).toContain(`port ${port} is taken by another process: end it, or set METRICS_PORT`)
})

test('a signal to npm start ends the service well, and one that comes twice at once is one', async () => {
  const { env } = await createScenario()
  const npm = spawn('npm', ['start'], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(npm, 'close')
  let output = ''
  const running = new Promise<void>((resolve) => {
    npm.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('"service running"')) resolve()
    })
  })
  await running
  npm.kill('SIGINT')
  npm.kill('SIGINT')
  // The pipe closes when the last process that writes to it is gone.
  await ended
  expect(output).toContain('"service stopped"')
})
