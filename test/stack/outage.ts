import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Message } from 'kafkajs'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario, encodeAlbums, type Scenario } from './scenario.ts'
import type { Server } from './server.ts'
import type { ServiceProcess } from './service-process.ts'
import { type Stack, startStack } from './start-stack.ts'
import { type ReadRecord, TopicReader } from './topic-reader.ts'

/** OUTAGE_SECONDS=60 is the measured run; the shorter one is past the session of a group's member. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 8) * 1_000
const RECOVERY_MS = 10_000
const SHUTDOWN_TIMEOUT_SECONDS = 4
/** The way of the signal and the end of the process itself. */
const EXIT_MS = 300
/** Waiting in the lane when the server goes away, so that there is work the moment it is back. */
const BACKLOG = 100
const FED_AT_ONCE = 5
/** So many results show that the lane goes on, and not only that a commit in the air has landed. */
const STEADY = 20

/** The setting that names each server; one that none names is started. */
const SETTINGS = { kafka: 'KAFKA_BROKERS', postgres: 'DATABASE_URL', registry: 'SCHEMA_REGISTRY_URL' } as const

type Name = keyof typeof SETTINGS

/** How a server goes, and how it comes back. */
const WAYS = {
  'stands still': { go: async (server: Server) => server.suspend(), return: async (server: Server) => server.resume() },
  'is killed': { go: (server: Server) => server.kill(), return: (server: Server) => server.start() },
}

/**
 * The test of one outage, under load: nothing is lost, doubled or given up, nobody exits unless told to, and 10 s after the
 * server's return there are results. That server is the test's own: the one of all other tests must not be stopped.
 *
 * @param part as what /ready names the server
 */
export function testOutage(name: Name, way: keyof typeof WAYS, part: string): void {
  let stack: Stack

  beforeAll(async () => {
    const { [SETTINGS[name]]: _, ...shared } = {
      KAFKA_BROKERS: inject('kafkaBrokers'),
      SCHEMA_REGISTRY_URL: inject('registryUrl'),
      DATABASE_URL: inject('databaseUrl'),
    }
    stack = await startStack({ env: shared })
  })
  afterAll(() => stack.stop())

  test(
    `${name} ${way} under load: nothing is lost, doubled or given up, nobody exits unless told to, and 10 s after its return there are results`,
    () => outlive(stack, name, way, part),
    OUTAGE_MS + 300_000,
  )
}

async function outlive(stack: Stack, name: Name, way: keyof typeof WAYS, part: string): Promise<void> {
  const scenario = await createScenario({
    SHUTDOWN_TIMEOUT_SECONDS: String(SHUTDOWN_TIMEOUT_SECONDS),
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: await stack.createDatabase(`outage-${randomUUID().slice(0, 8)}`),
  })
  const server = stack[name]
  if (server === undefined) throw new Error(`${name} is not a server of our own`)
  const { start, results, env } = scenario
  const services = [start('intake', 'relay'), start('worker'), start('worker')]
  const leaving = start('intake', 'worker', 'relay')
  const feeder = await startFeeder(scenario)
  await results.waitFor((records) => records.length >= 10, 'some results')

  await WAYS[way].go(server)
  onTestFinished(() => server.resume())
  const wentAt = Date.now()
  const isShown = isShownAsAway(services, part, wentAt + OUTAGE_MS)
  await delay(OUTAGE_MS / 2)
  const toldAt = Date.now()
  expect(await leaving.stop(), leaving.tail()).toBe(0)
  // By its own word: this process may be kept waiting itself.
  const { time } = await leaving.waitForLog('service stopped')
  expect(Date.parse(String(time)) - toldAt, leaving.tail()).toBeLessThan(SHUTDOWN_TIMEOUT_SECONDS * 1_000 + EXIT_MS)
  await delay(wentAt + OUTAGE_MS - Date.now())
  expect(await isShown).toBe(true)
  await WAYS[way].return(server)
  const backAt = Date.now()

  // A reader that was there before would measure how long it needs itself.
  const witness = await TopicReader.open(env, env.TOPIC_ENRICHED)
  onTestFinished(() => witness.close())
  const isNew = ({ timestamp }: ReadRecord) => timestamp >= backAt
  await witness.waitFor((records) => records.some(isNew), 'a result after the return', 60_000)
  await witness.waitFor((records) => records.filter(isNew).length >= STEADY, 'more results after the return', 60_000)
  const [recoveryMs, steadyMs] = [1, STEADY].map((nth) => nthReadAt(witness, isNew, nth) - backAt)
  const measured = `result 1 after ${recoveryMs} ms, result ${STEADY} after ${steadyMs} ms`
  console.info(`${name} ${way} for ${OUTAGE_MS / 1_000} s, and is back: ${measured}`)

  const fed = await feeder.stop()
  await witness
    .waitFor((records) => records.length >= fed, `all ${fed} results`, 180_000)
    .catch((error) => {
      throw new Error(services.map((service) => service.tail()).join('\n\n'), { cause: error })
    })
  for (const service of services) expect(await service.stop(), service.tail()).toBe(0)
  await expectEachOnce(scenario, fed)
  expect(recoveryMs).toBeLessThan(RECOVERY_MS)
}

/** Publishes a few albums every second, whatever happens, until told to stop; then answers with how many stand in the topic. */
async function startFeeder({ env, send }: Scenario): Promise<{ stop(): Promise<number> }> {
  const encode = (from: number, count: number): Promise<Message[]> =>
    encodeAlbums(
      env,
      Array.from({ length: count }, (_, index) => anAlbum(String(from + index))),
    )
  await send(env.TOPIC_IMPORTED, ...(await encode(0, BACKLOG)))
  // Encoded before the outage: the registry may be the one that goes.
  const messages = await encode(BACKLOG, 500)
  const stopping = new AbortController()
  const feeding = (async () => {
    while (!stopping.signal.aborted && messages.length > 0) {
      // One whose answer was lost may stand in the topic twice: then it is two imports.
      const isSent = await send(env.TOPIC_IMPORTED, ...messages.slice(0, FED_AT_ONCE)).then(
        () => true,
        () => false,
      )
      if (isSent) messages.splice(0, FED_AT_ONCE)
      await delay(1_000, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await feeding
      return (await readAll(env, env.TOPIC_IMPORTED)).length
    },
  }
}

function nthReadAt({ records }: TopicReader, fits: (record: ReadRecord) => boolean, nth: number): number {
  return records.filter(fits)[nth - 1]?.readAt ?? Number.NaN
}

/** Whether the lane is said to be held, or /ready to miss the server, before the deadline. */
async function isShownAsAway(services: ServiceProcess[], part: string, deadline: number): Promise<boolean> {
  const cause = `${part.toUpperCase()}_UNAVAILABLE`
  while (Date.now() < deadline) {
    const answers = await Promise.all(services.map((service) => service.get('/ready')))
    const ready = answers.map(({ text }) => JSON.parse(text) as Ready)
    const isHeld = ready.some(({ parts }) => parts.worker?.holds.some((hold) => hold.cause === cause))
    if (isHeld || ready.every(({ missing }) => part in missing)) return true
    await delay(250)
  }
  return false
}

interface Ready {
  missing: Record<string, string>
  parts: Record<string, { holds: { cause: string }[] }>
}

/** Judged by the topics alone: one result for each record of album.imported, by its position, and no dead letter. */
async function expectEachOnce({ env, dead }: Scenario, fed: number): Promise<void> {
  const imported = await readAll(env, env.TOPIC_IMPORTED)
  const results = await readAll(env, env.TOPIC_ENRICHED)
  const positions = imported.map(({ partition, offset }) => `${partition}/${offset}`)
  const sources = results.map(({ event: { source } }) => `${source.partition}/${source.offset}`)
  expect(positions.length).toBe(fed)
  expect(sources.toSorted()).toEqual(positions.toSorted())
  expect(dead.records.concat(await readAll(env, `${env.TOPIC_ENRICHMENT}.dead`))).toEqual([])
}

async function readAll(env: Scenario['env'], topic: string) {
  const reader = await TopicReader.open(env, topic)
  const records = await reader.readToEnd()
  await reader.close()
  return records
}
