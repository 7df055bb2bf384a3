import { Progress } from '../stack/progress.ts'
import { ServiceProcess } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'
import { LINKS_PER_ALBUM } from './bench-albums.ts'
import { type BenchEnv, BenchStack, describeSurroundings } from './bench-stack.ts'
import { importAlbums } from './import-albums.ts'
import { type LaneFacts, type Sample, summariseLane } from './lane-figures.ts'
import { StandIns } from './stand-ins.ts'
import { LoadMeter, usageOf } from './usage.ts'

export interface LaneOptions {
  /** Amazon requests a second. */
  rate: number
  albums: number
  latencyMs: { amazon: number; model: number; image: number }
  artwork: 'link' | 'download'
  modelTail: boolean
  /** Where the service's CPU profile goes; undefined: none is made. */
  profile: string | undefined
}

const SAMPLE_MS = 500

/**
 * Albums through the whole service, as a process of its own: intake, lane and relay against real servers, and stand-ins
 * that take their time. Measured from outside, from the first import to the last result.
 */
export async function benchLane(options: LaneOptions, say: (line: string) => void) {
  const { rate, albums, artwork, profile } = options
  const stack = await BenchStack.start(say)
  const standIns = await StandIns.start(options)
  const env: BenchEnv = {
    ...ownSettings(),
    ...stack.env,
    ...standIns.env,
    AMAZON_REQUESTS_PER_SECOND: String(rate),
    AMAZON_REQUESTS_PER_DAY: '1000000000',
    ARTWORK: artwork,
    ...(profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }),
  }
  let service: ServiceProcess | undefined
  try {
    await stack.setUp(env)
    const surroundings = await describeSurroundings(stack)
    const send = await importAlbums(env, albums)
    const results = await TopicReader.open(env, env.TOPIC_ENRICHED)
    const dead = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.dead`)
    service = new ServiceProcess(env)
    await service.waitForLog('lane running', 60_000)
    const { pid } = service
    const starting = usageOf(pid)

    await stack.stats.start()
    const before = stack.usage()
    const load = new LoadMeter()
    const progress = new Progress('albums', albums)
    const samples: Sample[] = []
    const sample = () => samples.push({ at: performance.now(), done: results.records.length, ...usageOf(pid) })
    sample()
    const timer = setInterval(sample, SAMPLE_MS)
    await send()
    const isDone = () => {
      const done = results.records.length + dead.records.length
      progress.show(done)
      return done >= albums
    }
    const timeoutMs = 180_000 + (albums / Math.min(rate, 5)) * 3_000
    await Promise.race([
      // Whichever topic gets the last record sees that it is the last.
      results.waitFor(isDone, 'all albums', timeoutMs),
      dead.waitFor(isDone, 'all albums', timeoutMs),
      failWhenEnded(service),
    ])
    clearInterval(timer)
    sample()
    const facts: LaneFacts = {
      options,
      surroundings,
      samples,
      startCpuSeconds: starting.cpuSeconds,
      servers: { before, after: stack.usage() },
      load: load.read(),
      results: results.records.map(({ readAt, event }) => ({ readAt, event })),
      deadLetters: dead.records.map(({ headers }) => headers['enricher-error-code'] ?? '?'),
      figures: await standIns.figures(),
      imageBytes: standIns.imageBytes,
      linksPerAlbum: LINKS_PER_ALBUM,
      database: { transactions: 0, statements: null },
    }
    const status = await service.stop()
    if (status !== 0) throw new Error(`the service ended with status ${status}`)
    // After the end, when its sessions have told PostgreSQL what they did.
    facts.database = await stack.stats.read()
    await Promise.all([results.close(), dead.close()])
    return summariseLane(facts)
  } catch (error) {
    say(service?.tail() ?? '')
    throw error
  } finally {
    service?.signal('SIGKILL')
    await standIns.stop()
    await stack.stop()
  }
}

/** Whatever else the user has set of the service, such as MAX_ALBUMS_IN_FLIGHT. */
function ownSettings(): Record<string, string> {
  const names = ['MAX_ALBUMS_IN_FLIGHT', 'MODEL_USE', 'LOG_LEVEL']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}

async function failWhenEnded(service: ServiceProcess): Promise<never> {
  throw new Error(`the service ended with status ${await service.exited()}`)
}
