import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { COMPOSE_ENV, COMPOSE_SERVERS } from '../stack/docker.ts'
import { findFreePort } from '../stack/free-port.ts'
import { createScenario } from '../stack/scenario.ts'
import { lacks, ROOT, runTool } from './tools.ts'

interface Service {
  environment?: Record<string, string>
  ports?: { host_ip: string; published: string; target: number }[]
  healthcheck?: unknown
  command?: string[] | null
  entrypoint?: string[] | null
}

const DEMO = 'test/deploy/demo.env'
const config = (args: string[], env: Record<string, string> = {}) =>
  runTool('docker-compose', [...args, 'config', '--format', 'json'], env)
const readServices = async (...[args, env]: Parameters<typeof config>): Promise<Record<string, Service>> =>
  JSON.parse(await config(args, env)).services
const readConfigs = async (...[args, env]: Parameters<typeof config>): Promise<Record<string, { content?: string }>> =>
  JSON.parse(await config(args, env)).configs

describe.skipIf(lacks('docker-compose'))('the compose file', () => {
  test('is whole, and says which secrets it lacks', async () => {
    await config([], COMPOSE_ENV)
    for (const name of Object.keys(COMPOSE_ENV))
      await expect(config([], { ...COMPOSE_ENV, [name]: '' })).rejects.toThrow(`set ${name} in .env`)
  })

  test('lets nothing listen beyond this machine, and every server says when it is ready', async () => {
    const services = await readServices([], COMPOSE_ENV)
    const ports = Object.values(services).flatMap((service) => service.ports ?? [])
    expect([...new Set(ports.map((port) => port.host_ip))]).toEqual(['127.0.0.1'])
    for (const name of ['kafka', 'registry', 'postgres', 'prometheus', 'grafana'])
      expect([name, services[name]?.healthcheck]).toEqual([name, expect.anything()])
  })

  test('has its servers where a demo without Java looks for them', async () => {
    const services = await readServices([], COMPOSE_ENV)
    const published = ['kafka', 'registry', 'postgres'].flatMap((name) => services[name]?.ports ?? [])
    const wanted = Object.values(COMPOSE_SERVERS).map((address) => /127\.0\.0\.1:(\d+)/.exec(address)?.[1])
    expect(published.map((port) => port.published)).toEqual(wanted)
    expect(JSON.stringify(services.kafka?.environment)).toContain(`HOST://${COMPOSE_SERVERS.KAFKA_BROKERS}`)
  })

  test('starts stand-ins for the demo alone, with settings that the service takes', async () => {
    expect(Object.keys(await readServices([], COMPOSE_ENV))).not.toContain('stand-ins')
    const services = await readServices(['--env-file', DEMO])
    expect(Object.keys(services)).toEqual(expect.arrayContaining(['enricher', 'stand-ins', 'demo-albums']))
    const groups = ['kafka', 'registry', 'database', 'amazon', 'model', 'artwork', 'service'] as const
    expect(() => loadConfig(groups, services.enricher?.environment)).not.toThrow()
  })

  test('has a second process that can take over all that the first does, each with a port of its own', async () => {
    const { enricher, standby, prometheus: _, ...others } = await readServices(['--env-file', DEMO])
    const { ports, ...same } = enricher ?? {}
    const { ports: own, ...twin } = standby ?? {}
    expect(twin).toEqual(same)
    expect(twin.command).toEqual(['run'])
    expect([ports, own].map((all) => all?.map(({ published }) => published))).toEqual([['9464'], ['9465']])
    // It outlives the first: no network is the first one's.
    expect(JSON.stringify(others)).not.toContain('service:enricher')
    const config = await readConfigs(['--env-file', DEMO])
    expect(config.prometheus?.content).toContain('["enricher:9464", "standby:9464"]')
  })

  test('its demo publishes albums that the service enriches with what its stand-ins say', async () => {
    const services = await readServices(['--env-file', DEMO])
    const { start, results, env } = await createScenario(await demoSettings())
    runHere(services['stand-ins'], env)
    start()
    runHere(services['demo-albums'], env)
    await results.waitFor((records) => records.length >= 20, '20 results', 60_000)
    const outcomes = results.records.map(({ event }) => event.outcome)
    expect(outcomes.filter((outcome) => outcome === 'matched').length).toBeGreaterThan(10)
    expect(results.records.some(({ event }) => event.artwork.status === 'stored')).toBe(true)
  }, 120_000)
})

/** The demo's settings, with its stand-ins at free ports of this machine. */
async function demoSettings(): Promise<Record<string, string>> {
  const text = readFileSync(join(ROOT, DEMO), 'utf8')
  const ports = [...new Set(text.match(/stand-ins:\d+/g))]
  const moved = new Map<string, string>()
  for (const port of ports) moved.set(port, `127.0.0.1:${await findFreePort()}`)
  return { ...parseEnv(text.replaceAll(/stand-ins:\d+/g, (port) => moved.get(port) ?? port)), ARTWORK: 'download' }
}

/** What a service would run in its container, run in this checkout, until the test ends. */
function runHere(service: Service | undefined, env: Record<string, string>): void {
  const [program = '', ...args] = [...(service?.entrypoint ?? []), ...(service?.command ?? [])]
  const { PATH, HOME } = process.env
  const child = spawn(program, args, { cwd: ROOT, env: { PATH, HOME, ...env }, stdio: 'inherit' })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
}
