import { setPriority } from 'node:os'
import { type Call, startAmazonStandIn, trouble } from '../stack/stand-ins/amazon.ts'
import type { Listener } from '../stack/stand-ins/amazon-http.ts'
import { startImageStandIn } from '../stack/stand-ins/images.ts'
import { type ModelBehaviour, type ModelCall, startModelStandIn } from '../stack/stand-ins/model.ts'
import { albumOf, chaosProducts, rubbishFor } from './albums.ts'
import { now } from './clock.ts'
import type { HostOrder, HostReport, StandInTrouble } from './stand-ins.ts'
import { WireProxy } from './wire-proxy.ts'

/**
 * The stand-ins for Amazon, the model and the image host in a process of their own, forked by stand-ins.ts: what keeps the
 * time of Amazon's pace must not wait for whatever else goes on. Each service process comes through proxies of its own.
 */
const AMAZON_LATENCY_MS = 150
/** Most answers take this long; one in ten takes ten times as long. */
const MODEL_LATENCY_MS = 300

const requestsPerSecond = Number(process.argv[2])
/** By process. Amazon has ports and no proxies: on its way through a proxy a request comes late, and the next one looks early. */
const amazonPorts = new Map<string, Listener & { port: number }>()
const modelProxies = new Map<string, WireProxy>()
const ids = new WeakMap<object, number>()
/** Calls answered with rubbish, and how many each album has had of those. */
const spoilt = new WeakSet<object>()
const spoiltOf = new Map<number, number>()
let lastId = 0
let early = 0
let troubledUntil = 0
let troubled: StandInTrouble | undefined

const report = (line: HostReport) => process.send?.(line)
const isTroubled = (kind: StandInTrouble['kind']) => troubled?.kind === kind && now() < troubledUntil

function tell(server: 'amazon' | 'model', call: Call | ModelCall, question: string, moment: 'came' | 'left'): void {
  if (moment === 'left') {
    const isEarly = server === 'amazon' && amazon.early > early
    if (isEarly) early = amazon.early
    const isGood = (call.status === 200 || call.status === 404) && !spoilt.has(call)
    report({ kind: 'answer', id: ids.get(call) ?? 0, at: now(), isGood, isEarly })
    return
  }
  lastId += 1
  ids.set(call, lastId)
  const at = performance.timeOrigin + call.at
  report({ kind: 'call', id: lastId, server, question, process: processOf(call), at })
}

function processOf(call: Call | ModelCall): string {
  const found =
    'port' in call
      ? [...amazonPorts].find(([, { port }]) => port === call.port)?.[0]
      : [...modelProxies.values()].find(({ outsidePorts }) => outsidePorts.has(call.from))?.name
  return found ?? '?'
}

const images = await startImageStandIn()
const amazon = await startAmazonStandIn({
  products: chaosProducts(),
  requestsPerSecond,
  imageBaseUrl: images.url,
  latencyMs: AMAZON_LATENCY_MS,
  onCall: (call, moment) => tell('amazon', call, `${call.operation} ${call.query}`, moment),
})
const model = await startModelStandIn({
  latencyMs() {
    if (isTroubled('slow model')) return 3_000
    return isTroubled('model stalls') ? 8_000 : Math.random() < 0.1 ? MODEL_LATENCY_MS * 10 : MODEL_LATENCY_MS
  },
  onCall(call, moment) {
    if (moment === 'came') model.behave(modelBehaviour(call))
    tell('model', call, `judge ${call.album ?? ''}`, moment)
  },
})
amazon.behave({ ...trouble.throttled(1), when: () => isTroubled('amazon throttles') })
amazon.behave({ ...trouble.internal(), when: () => isTroubled('amazon fails') })
amazon.behave({ delayMs: 4_000, when: () => isTroubled('amazon stalls') })

function modelBehaviour(call: ModelCall): ModelBehaviour {
  const album = albumOf(call.album ?? '')
  const had = album === undefined ? 0 : (spoiltOf.get(album) ?? 0)
  if (album !== undefined && had < rubbishFor(album)) {
    spoiltOf.set(album, had + 1)
    spoilt.add(call)
    return { garbage: true }
  }
  if (isTroubled('model throttles')) return { status: 429, headers: { 'retry-after': '1' }, body: {} }
  return isTroubled('model fails') ? { status: 500, body: {} } : { times: 0 }
}

process.on('message', (order: HostOrder) => {
  if (order.kind === 'trouble') {
    troubled = order.trouble
    troubledUntil = now() + order.trouble.forMs
  } else if (order.kind === 'cut') {
    const way = order.server === 'amazon' ? amazonPorts.get(order.process) : modelProxies.get(order.process)
    way?.cut()
  } else if (order.kind === 'figures') report({ kind: 'figures', early: amazon.early, images: images.totalCalls() })
  else void openProxies(order.process)
})
process.once('disconnect', () => process.exit())

async function openProxies(name: string): Promise<void> {
  const listener = await amazon.openPort()
  const port = Number(new URL(listener.url).port)
  const proxy = await WireProxy.open({ name, target: new URL(model.url).host })
  amazonPorts.set(name, { ...listener, port })
  modelProxies.set(name, proxy)
  report({ kind: 'proxies', process: name, amazonPort: port, modelPort: proxy.port })
}

try {
  setPriority(-10)
} catch {
  // Only root may; elsewhere it is as quick as everything else.
}
report({ kind: 'ready', imageHost: images.host })
