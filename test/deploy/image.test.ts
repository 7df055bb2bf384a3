import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { ServiceProcess } from '../stack/service-process.ts'
import { lacks, ROOT, runTool } from './tools.ts'

test.skipIf(lacks('hadolint'))('the Dockerfile has no fault that hadolint knows', async () => {
  expect(await runTool('hadolint', ['Dockerfile'])).toBe('')
})

const RUN_IMAGE = join(ROOT, 'test/deploy/run-image.sh')
const SHUTDOWN_SECONDS = 4
const podman = (command: string) =>
  runTool('bash', ['-c', `. test/deploy/image-store.sh && "\${podman[@]}" ${command} "$image"`])

const lacksRoot = process.env.CI !== 'true' && process.getuid?.() !== 0
describe.skipIf(lacks('podman', 'debootstrap') || lacksRoot)('the image', () => {
  beforeAll(async () => {
    await runTool('test/deploy/build-image.sh', [])
  }, 400_000)

  afterAll(async () => {
    await podman('image unmount --force')
  })

  function startImage(settings: Record<string, string>): ServiceProcess {
    // Where the artwork goes is the image's own matter.
    const { ARTWORK_STORE: _, ...env } = settings
    const service = new ServiceProcess(env, ['run'], RUN_IMAGE)
    onTestFinished(() => service.signal('SIGKILL'))
    return service
  }

  test('enriches an album, artwork included, as a plain user on a read-only root, and its health check sees that', async () => {
    const { env, publish, results } = await createScenario({ ARTWORK: 'download' })
    const service = startImage(env)
    await publish(anAlbum('1'))
    await results.waitFor((records) => records.length === 1, 'the result')
    expect(results.records[0]?.event).toMatchObject({ outcome: 'matched', artwork: { status: 'stored' } })

    const { port } = await service.waitForLog('service starting')
    const checkHealth = (METRICS_PORT: string) =>
      new ServiceProcess({ METRICS_PORT }, ['--healthcheck'], RUN_IMAGE).exited()
    expect(await checkHealth(String(port))).toBe(0)
    expect(await service.stop()).toBe(0)
    expect(await checkHealth(String(port))).toBe(1)
  })

  test('told to stop in the middle of a model call it ends in its grace period, and the next one loses nothing', async () => {
    const { env, model, publish, results, dead } = await createScenario({
      MODEL_USE: 'always',
      SHUTDOWN_TIMEOUT_SECONDS: String(SHUTDOWN_SECONDS),
    })
    model.behave({ stall: 'head' })
    const first = startImage(env)
    await publish(anAlbum('1'), anAlbum('2'))
    await expect.poll(() => model.calls.length).toBeGreaterThan(0)
    const toldAt = performance.now()
    expect(await first.stop()).toBe(0)
    // What the chart and the compose file allow: five seconds more than the setting.
    expect(performance.now() - toldAt).toBeLessThan((SHUTDOWN_SECONDS + 5) * 1_000)
    expect(await results.readToEnd()).toEqual([])

    model.behave({ times: 0 })
    startImage(env)
    await results.waitFor((records) => records.length === 2, 'both results')
    expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(['1', '2'])
    expect(await dead.readToEnd()).toEqual([])
  })

  test('lists the packages that are in it, by their versions', async () => {
    const root = (await podman('image mount')).trim()
    const read = (path: string) => JSON.parse(readFileSync(join(root, 'app', path), 'utf8'))
    const { components } = read('sbom.cdx.json')
    const { packages } = read('node_modules/.package-lock.json')
    const installed = Object.entries<{ version: string }>(packages).map(
      ([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`,
    )
    const listed = components.map((it: { name: string; version: string }) => `${it.name}@${it.version}`)
    expect(listed.toSorted()).toEqual(installed.toSorted())
    expect(listed).toContain('kafkajs@2.2.4')
  })

  test('brings no store, which would pass for the one that is not mounted', async () => {
    const folder = join((await podman('image mount')).trim(), 'var/lib/album-enricher')
    expect([statSync(folder).uid, readdirSync(folder)]).toEqual([1_000, []])
  })

  test('tells engines what it is', async () => {
    const [{ Config }] = JSON.parse(await podman('image inspect'))
    const head = (await runTool('git', ['rev-parse', 'HEAD'])).trim()
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'album-enricher',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': head,
    })
    expect(Config).toMatchObject({ User: '1000:1000', StopSignal: 'SIGTERM' })
  })
})
