import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { Random } from '../chaos/random.ts'
import { startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { startImageStandIn } from '../stack/stand-ins/images.ts'
import { startModelStandIn } from '../stack/stand-ins/model.ts'
import { benchProducts } from './bench-albums.ts'
import type { HostReport, StandInOptions } from './stand-ins.ts'

/**
 * The stand-ins for Amazon, the model and the image host in a process of their own, forked by stand-ins.ts: what keeps the
 * time of Amazon's pace must not wait for whatever else goes on.
 */
const options: StandInOptions = JSON.parse(process.argv[2] ?? '')
const { rate, albums, latencyMs, modelTail } = options

/** Two requests come closer than this in one turn of a process's loop, so that it cannot tell which of them was early. */
const SHORTEST_INTERVAL_MS = 10
const PICTURES = 8
const SIDE = 500
/** What makes such a picture about 60 kB as a JPEG. */
const NOISE = { blur: 1.1, quality: 80 }
/** A lognormal with a 99th percentile of five times its median: 15 s for 3 s. */
const TAIL_SIGMA = Math.log(5) / 2.326

const random = new Random(1)
const report = (line: HostReport) => process.send?.(line)

function modelLatency(): number {
  if (!modelTail) return latencyMs.model
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return latencyMs.model * Math.exp(TAIL_SIGMA * normal)
}

/** Painted beforehand: painting costs as much as all that the service does with a picture. */
async function paint(): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: SIDE * SIDE * 3 }, () => Math.floor(random.next() * 256)))
  const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
  return image.blur(NOISE.blur).jpeg({ quality: NOISE.quality }).toBuffer()
}

const pictures = await Promise.all(Array.from({ length: PICTURES }, paint))
const images = await startImageStandIn({
  async picture(pathname) {
    await sleep(latencyMs.image)
    return pictures[Number(/\d/.exec(pathname.slice(-12))?.[0] ?? 0) % PICTURES] as Buffer
  },
})
const accepted: number[] = []
const amazon = await startAmazonStandIn({
  products: benchProducts(albums),
  requestsPerSecond: 1_000 / rate < SHORTEST_INTERVAL_MS ? Number.POSITIVE_INFINITY : rate,
  imageBaseUrl: images.url,
  latencyMs: latencyMs.amazon,
  onCall(call, moment) {
    if (moment === 'left' && call.status === 200) accepted.push(call.at)
  },
})
let modelCalls = 0
const model = await startModelStandIn({
  latencyMs: modelLatency,
  onCall(call, moment) {
    if (moment === 'came') modelCalls += 1
    // Its prompt, which nobody asks for, would be kept for the whole run.
    call.body = ''
  },
})

process.on('message', () => {
  const times = accepted.toSorted((a, b) => a - b).map((at) => Math.round(at * 10) / 10)
  const requests = amazon.calls.filter(({ operation }) => operation !== 'token').length
  report({
    kind: 'figures',
    accepted: times,
    requests,
    early: amazon.early,
    modelCalls,
    images: images.totalCalls(),
  })
})
process.once('disconnect', () => process.exit())

try {
  setPriority(-10)
} catch {
  // Only root may; elsewhere it is as quick as everything else.
}
const imageBytes = Math.round(pictures.reduce((sum, { length }) => sum + length, 0) / PICTURES)
report({
  kind: 'ready',
  amazonUrl: amazon.url,
  tokenUrl: amazon.tokenUrl,
  modelUrl: model.url,
  imageHost: images.host,
  imageBytes,
})
