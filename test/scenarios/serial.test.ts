import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createScenario } from '../stack/scenario.ts'
import { loadProducts, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { paintImage } from '../stack/stand-ins/images.ts'
import { MODEL_STAND_IN_KEY, startModelStandIn } from '../stack/stand-ins/model.ts'

const AMAZON_MS = 50
const MODEL_MS = 300
const IMAGE_MS = 300

/** A call as the server saw it, on the clock of performance.now(). */
interface Call {
  server: 'amazon' | 'model' | 'image'
  /** Title of the album; absent where the call does not tell. */
  album?: string
  from: number
  to: number
}

/** Every album of the demo that the stand-in's shop sells, with its own title, so that calls can be told apart. */
function someAlbums(count: number): { albumId: string; title: string; artists: { name: string }[] }[] {
  const lines = readFileSync(new URL('../data/demo-albums.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const albums = lines.map((line) => JSON.parse(line)).filter(({ expect }) => expect?.outcome === 'matched')
  return albums.slice(0, count).map(({ album: { albumId, title, artists } }) => ({ albumId, title, artists }))
}

/** All calls of an enrichment of some albums, in order, with stand-ins that take their time. */
async function callsOf(maxAlbumsInFlight: string): Promise<Call[]> {
  const imageCalls: Call[] = []
  const images = await startSlowImages(imageCalls)
  const amazon = await startAmazonStandIn({
    products: loadProducts(new URL('../data/products.jsonl', import.meta.url)),
    requestsPerSecond: 10,
    latencyMs: AMAZON_MS,
    imageBaseUrl: images.url,
  })
  const model = await startModelStandIn({ latencyMs: MODEL_MS })
  onTestFinished(async () => {
    await Promise.all([amazon.close(), model.close(), images.close()])
  })
  const { start, publish, results } = await createScenario({
    AMAZON_URL: amazon.url,
    AMAZON_TOKEN_URL: amazon.tokenUrl,
    OPENAI_API_KEY: MODEL_STAND_IN_KEY,
    OPENAI_BASE_URL: model.url,
    MODEL_USE: 'always',
    ARTWORK: 'download',
    ARTWORK_INSECURE_HOST: new URL(images.url).host,
    MAX_ALBUMS_IN_FLIGHT: maxAlbumsInFlight,
  })
  const albums = someAlbums(8)
  await publish(...albums)
  const service = start()
  await results.waitFor((records) => records.length >= albums.length, 'all results')
  expect(await service.stop()).toBe(0)

  const titleIn = (query: string) => albums.find(({ title }) => query.includes(title))?.title
  const asked = amazon.calls.filter(({ operation }) => operation !== 'token')
  const amazonCalls = asked.map(({ at, query }): Call => {
    const album = titleIn(query)
    return { server: 'amazon', ...(album !== undefined && { album }), from: at, to: at + AMAZON_MS }
  })
  const modelCalls = model.calls.map(
    ({ at, album }): Call => ({ server: 'model', ...(album !== undefined && { album }), from: at, to: at + MODEL_MS }),
  )
  expect([modelCalls.length, imageCalls.length].every((count) => count >= albums.length / 2)).toBe(true)
  return [...amazonCalls, ...modelCalls, ...imageCalls].toSorted((one, other) => one.from - other.from)
}

async function startSlowImages(calls: Call[]): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const from = performance.now()
    void (async () => {
      const image = await paintImage(request.url ?? '/')
      await delay(IMAGE_MS)
      calls.push({ server: 'image', from, to: performance.now() })
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': image.length }).end(image)
    })()
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** Calls that began before an earlier one had ended. */
function overlapping(calls: Call[]): Call[] {
  return calls.filter(({ from }, index) => calls.slice(0, index).some(({ to }) => to > from))
}

/** The albums in the order of their calls, each as often as the calls come back to it. */
function turns(calls: Call[]): string[] {
  const albums = calls.flatMap(({ album }) => (album === undefined ? [] : [album]))
  return albums.filter((album, index) => album !== albums[index - 1])
}

test('with MAX_ALBUMS_IN_FLIGHT=1 nothing of an album is asked before everything of the one before it is done', async () => {
  const calls = await callsOf('1')
  expect(overlapping(calls)).toEqual([])
  expect(new Set(turns(calls)).size).toBe(turns(calls).length)
  // What does not tell its album stands between calls that do: the images of one come before Amazon's turn for the next.
  const servers = calls.map(({ server }) => server).join(' ')
  expect(servers).toMatch(/^(amazon( amazon)*( model)*( image)* ?)+$/)
})

test('with more than one the slow stages overlap', async () => {
  expect(overlapping(await callsOf('auto')).length).toBeGreaterThan(0)
})
