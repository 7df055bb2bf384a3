import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { createGuardedFolder, removeFolder } from './guard.ts'
import { mayMount } from './may-mount.ts'
import { areGone, listTree } from './processes.ts'

const folder = createGuardedFolder('album-enricher-guard-test')
afterAll(() => removeFolder(folder))

/** `npm run stack` with a folder of its own for everything temporary. */
function spawnStack(name: string): { stack: ChildProcess; temp: string; envFile: string; output: () => string } {
  const temp = createGuardedFolder(name, folder)
  const envFile = join(folder, `${name}.env`)
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: temp }
  const stack = spawn(process.execPath, ['--', 'test/stack/stack.ts', '--env-file', envFile], { env })
  let output = ''
  stack.stderr.on('data', (chunk) => {
    output += chunk
  })
  return { stack, temp, envFile, output: () => output }
}

const processesOf = ({ pid }: ChildProcess) => (pid === undefined ? [] : listTree(pid))
const patience = { timeout: 30_000, interval: 50 }

test.each(['SIGKILL', 'SIGINT'] as const)(
  'nothing of a stack is left after %s to the process that started it',
  async (signal) => {
    const { stack, temp, envFile, output } = spawnStack(signal)
    await vi.waitFor(() => expect(existsSync(envFile), output()).toBe(true), { timeout: 50_000, interval: 100 })
    const settings = readFileSync(envFile, 'utf8')
    expect(settings).toMatch(/^KAFKA_BROKERS=127.0.0.1:\d+\nSCHEMA_REGISTRY_URL=http:.*\nDATABASE_URL=postgresql:.*$/m)
    expect(settings).toMatch(/^AMAZON_URL=http:\/\/127.0.0.1:\d+$/m)
    const processes = processesOf(stack)
    // The parent, its guard, two JVMs, PostgreSQL and at least four of its children.
    expect(processes.length).toBeGreaterThan(8)
    stack.kill(signal)
    await vi.waitFor(() => expect(areGone(processes), output()).toBe(true), patience)
    await vi.waitFor(() => expect(readdirSync(temp)).toEqual([]), patience)
  },
)

test.runIf(mayMount())('a file system on a guarded folder goes with it, however the process ends', async () => {
  const script = `import('${new URL('guard.ts', import.meta.url)}').then(({ createGuardedFolder }) => {
    const folder = createGuardedFolder('album-enricher-mount', '${folder}')
    require('node:child_process').execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'guard-test', folder])
    console.log(folder)
    setInterval(() => undefined, 1_000)
  })`
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [told] = await once(child.stdout, 'data')
  const mounted = String(told).trim()
  expect(readFileSync('/proc/mounts', 'utf8')).toContain(mounted)
  child.kill('SIGKILL')
  await vi.waitFor(() => expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(mounted), patience)
  await vi.waitFor(() => expect(existsSync(mounted)).toBe(false), patience)
})

test('nothing is left when the process is ended while its servers start', async () => {
  const { stack, temp, envFile } = spawnStack('early')
  await vi.waitFor(() => expect(processesOf(stack).length).toBeGreaterThan(3), patience)
  const processes = processesOf(stack)
  stack.kill('SIGTERM')
  await vi.waitFor(() => expect(areGone(processes)).toBe(true), patience)
  await vi.waitFor(() => expect(readdirSync(temp)).toEqual([]), patience)
  expect(existsSync(envFile)).toBe(false)
})
