import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AlbumEnriched } from '../../src/events.ts'
import { Progress } from '../stack/progress.ts'
import { runVerb, ServiceProcess } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'
import { loadDemoAlbums } from './demo-albums.ts'
import { printReport, summarise } from './demo-report.ts'
import { startDemoServers } from './demo-servers.ts'
import { PeakMemory } from './peak-memory.ts'

/**
 * `npm run demo -- [--albums N] [--exit] [--json]`: real albums through a real Kafka, schema registry and PostgreSQL; only
 * Amazon and the model are stand-ins, unless the environment has a real key.
 */
async function main(): Promise<boolean> {
  const startedAt = Date.now()
  const options = {
    albums: { type: 'string', default: '25' },
    exit: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  const albums = loadDemoAlbums(Number(values.albums))
  const say = (line: string) => process.stderr.write(`${line}\n`)

  const servers = await startDemoServers(say)
  const { env } = servers
  const folder = mkdtempSync(join(tmpdir(), 'album-enricher-demo-'))
  let service: ServiceProcess | undefined
  try {
    await runOrThrow(env, 'setup')
    service = new ServiceProcess(env)
    const memory = new PeakMemory(service.pid)
    const results = await TopicReader.open(env, env.TOPIC_ENRICHED)
    const dead = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.dead`)
    const file = join(folder, 'albums.jsonl')
    writeFileSync(file, albums.map(({ album }) => `${JSON.stringify(album)}\n`).join(''))
    await runOrThrow(env, 'publish', file)

    const progress = new Progress('albums', albums.length)
    const countDone = () => results.records.length + dead.records.length
    let firstAt: number | undefined
    const isDone = () => {
      if (results.records.length > 0) firstAt ??= Date.now()
      progress.show(countDone())
      return countDone() >= albums.length
    }
    const timeoutMs = 120_000 + albums.length * 3_000
    await Promise.race([
      // Whichever topic gets the last record sees that it is the last.
      results.waitFor(isDone, 'all albums', timeoutMs),
      dead.waitFor(isDone, 'all albums', timeoutMs),
      failWhenEnded(service),
    ])

    const summary = summarise({
      albums,
      results: results.records.map(({ event }) => event as AlbumEnriched),
      deadKeys: dead.records.map(({ key }) => key ?? ''),
      amazonRequests: servers.amazonRequests(),
      early: servers.early(),
      modelCalls: servers.modelCalls(),
      peakRssMb: memory.stop(),
      firstEnrichedSeconds: ((firstAt ?? Date.now()) - startedAt) / 1_000,
      seconds: (Date.now() - startedAt) / 1_000,
    })
    await Promise.all([results.close(), dead.close()])
    const { port } = await service.waitForLog('service starting')
    printReport({
      summary,
      albums,
      json: values.json === true,
      stays: values.exit !== true,
      env,
      metricsPort: Number(port),
    })
    if (values.exit !== true) await untilInterrupted()
    return summary.mismatches.length === 0
  } catch (error) {
    say(service?.tail() ?? '')
    throw error
  } finally {
    await service?.stop()
    await servers.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOrThrow(env: Record<string, string>, ...verb: string[]): Promise<void> {
  const { status, output } = await runVerb(env, ...verb)
  if (status !== 0) throw new Error(`album-enricher ${verb.join(' ')} failed:\n${output}`)
}

async function failWhenEnded(service: ServiceProcess): Promise<never> {
  throw new Error(`the service ended with status ${await service.exited()}`)
}

async function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // A signal alone does not keep the process alive, and neither does a promise.
  const alive = setInterval(() => undefined, 60_000)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  await promise
  clearInterval(alive)
}

main().then(
  (isAsExpected) => process.exit(isAsExpected ? 0 : 1),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
