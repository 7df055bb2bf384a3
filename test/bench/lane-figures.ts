import type { AlbumEnriched } from '../../src/events.ts'
import type { ServerUsage, Surroundings } from './bench-stack.ts'
import type { LaneOptions } from './lane-bench.ts'
import type { DatabaseWork } from './postgres-stats.ts'
import type { StandInFigures } from './stand-ins.ts'
import type { Load, Usage } from './usage.ts'

/** The service at a moment of the run. */
export interface Sample extends Usage {
  /** performance.now() */
  at: number
  /** Results read by then. */
  done: number
}

export interface LaneFacts {
  options: LaneOptions
  surroundings: Surroundings
  samples: Sample[]
  startCpuSeconds: number
  servers: { before: ServerUsage; after: ServerUsage }
  load: Load
  results: { readAt: number; event: AlbumEnriched }[]
  /** Their codes. */
  deadLetters: string[]
  figures: StandInFigures
  imageBytes: number
  linksPerAlbum: number
  database: DatabaseWork
}

const PARTS = 5
/** Above this rate a request's own time cannot be judged: then it is a second's requests that are counted. */
const FASTEST_JUDGED = 100

export type LaneSummary = ReturnType<typeof summariseLane>

export function summariseLane(facts: LaneFacts) {
  const { options, samples, figures, results, servers, database, load, deadLetters } = facts
  const { rate, albums, artwork, latencyMs, modelTail } = options
  const { accepted } = figures
  const lastingMs = (accepted.at(-1) ?? 0) - (accepted[0] ?? 0)
  const sustained = lastingMs > 0 ? ((accepted.length - 1) / lastingMs) * 1_000 : 0
  const [first, last] = [samples[0], samples.at(-1)]
  const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1_000
  const perThousand = (cpuSeconds: number) => round((cpuSeconds / albums) * 1_000)
  const ofServer = (name: keyof ServerUsage) => {
    const [before, after] = [servers.before[name], servers.after[name]]
    return before && after ? perThousand(after.cpuSeconds - before.cpuSeconds) : null
  }
  const own = perThousand((last?.cpuSeconds ?? 0) - (first?.cpuSeconds ?? 0))
  const postgres = ofServer('postgres')
  const kafka = ofServer('kafka')
  const statements = database.statements?.reduce((sum, { calls }) => sum + calls, 0)
  return {
    allowedRate: rate,
    sustainedRate: round(sustained, 4),
    utilisation: round(sustained / rate, 4),
    early: rate > FASTEST_JUDGED ? countBeyond(accepted, rate) : figures.early,
    albums,
    cpuSecondsPer1000: own,
    postgresCpuSecondsPer1000: postgres,
    kafkaCpuSecondsPer1000: kafka,
    cpuSecondsPer1000WithServers: postgres === null || kafka === null ? null : round(own + postgres + kafka),
    startCpuSeconds: round(facts.startCpuSeconds),
    peakRssMb: Math.max(...samples.map(({ peakRssMb }) => peakRssMb)),
    albumsPerSecond: round(albums / seconds),
    seconds: round(seconds, 1),
    parts: splitRun(samples, albums),
    transactionsPerAlbum: round(database.transactions / albums),
    transactionsPerSecond: round(database.transactions / seconds),
    statementsPerAlbum: statements === undefined ? null : round(statements / albums),
    busiestStatements: (database.statements ?? []).slice(0, 8).map(({ calls, ms, text }) => ({
      callsPerAlbum: round(calls / albums),
      msPerAlbum: round(ms / albums, 3),
      text: text.slice(0, 160),
    })),
    mistakes: findMistakes(facts),
    deadLetters: deadLetters.length,
    amazonRequests: figures.requests,
    modelCalls: figures.modelCalls,
    images: figures.images,
    imageBytes: facts.imageBytes,
    results: results.length,
    latencyMs,
    modelTail,
    artwork,
    load,
    ...facts.surroundings,
  }
}

/** Requests that came within less than nine tenths of a second of the one a second's worth before them. */
function countBeyond(accepted: number[], rate: number): number {
  const perSecond = Math.floor(rate)
  return accepted.filter((at, index) => at - (accepted[index - perSecond] ?? Number.NEGATIVE_INFINITY) < 900).length
}

/** The run in so many parts by albums: whether it is as fast and as cheap at its end as at its beginning. */
function splitRun(samples: Sample[], albums: number) {
  const size = Math.floor(albums / PARTS)
  return Array.from({ length: PARTS }, (_, index) => {
    const from = at(samples, index * size)
    const to = at(samples, (index + 1) * size)
    return {
      albums: (index + 1) * size,
      albumsPerSecond: round((size * 1_000) / (to.at - from.at)),
      cpuSecondsPer1000: round(((to.cpuSeconds - from.cpuSeconds) / size) * 1_000),
    }
  })
}

/** Where the run stood when so many albums were done, between the two samples around that. */
function at(samples: Sample[], done: number): { at: number; cpuSeconds: number } {
  const next = samples.findIndex((sample) => sample.done >= Math.max(done, 1))
  const after = samples[next === -1 ? samples.length - 1 : next]
  const before = samples[next - 1]
  if (after === undefined) return { at: 0, cpuSeconds: 0 }
  if (before === undefined || after.done === before.done) return after
  const share = (done - before.done) / (after.done - before.done)
  return {
    at: before.at + share * (after.at - before.at),
    cpuSeconds: before.cpuSeconds + share * (after.cpuSeconds - before.cpuSeconds),
  }
}

/** What an album is meant to cost, and did not: figures of another run than the one that was asked for. */
function findMistakes({ options, results, deadLetters, figures, linksPerAlbum }: LaneFacts): string[] {
  const { albums, artwork } = options
  const accepted = figures.requests - figures.early
  const linked = results.filter(({ event }) => event.links.length === linksPerAlbum).length
  const status = artwork === 'download' ? 'stored' : 'linked'
  const withArtwork = results.filter(({ event }) => event.artwork.status === status).length
  const askedModel = process.env.MODEL_USE === 'never' ? 0 : albums
  return [
    ...(deadLetters.length > 0 ? [`${deadLetters.length} dead letters: ${[...new Set(deadLetters)].join(', ')}`] : []),
    ...expect('results', results.length, albums),
    ...expect('accepted Amazon requests', accepted, albums),
    ...expect('model calls', figures.modelCalls, askedModel),
    ...expect(`albums with ${linksPerAlbum} links`, linked, albums),
    ...expect(`albums with artwork ${status}`, withArtwork, albums),
    ...expect('images fetched', figures.images, artwork === 'download' ? albums : 0),
  ]
}

const expect = (what: string, found: number, wanted: number) =>
  found === wanted ? [] : [`${what}: ${found}, expected ${wanted}`]

const round = (value: number, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits
