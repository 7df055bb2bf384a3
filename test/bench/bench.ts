import { parseArgs } from 'node:util'
import { benchIdle } from './idle-bench.ts'
import { benchIntake } from './intake-bench.ts'
import { benchLane, type LaneOptions } from './lane-bench.ts'
import { printIdle, printIntake, printLane } from './print-report.ts'
import { requireProc } from './usage.ts'

const USAGE = `npm run bench -- lane --rate R --albums N [--latency 300/3000/500] [--artwork link|download] [--model-tail] [--profile FOLDER] [--json]
npm run bench -- intake --records N [--json]
npm run bench -- idle --seconds N [--json]

lane      --latency: of Amazon, the model and the image host, in milliseconds
          --model-tail: the model's latency is the median of a lognormal whose 99th percentile is five times that
          --profile: where a CPU profile of the service goes`

/** Measures the service from outside, against real servers. */
async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '10' },
      albums: { type: 'string', default: '300' },
      latency: { type: 'string', default: '300/3000/500' },
      artwork: { type: 'string', default: 'download' },
      'model-tail': { type: 'boolean', default: false },
      profile: { type: 'string' },
      records: { type: 'string', default: '50000' },
      seconds: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [what] = positionals
  if (values.help || (what !== 'lane' && what !== 'intake' && what !== 'idle')) {
    console.log(USAGE)
    return values.help
  }
  requireProc()
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const print = values.json ? say : console.log
  if (what === 'intake') {
    const summary = await benchIntake({ records: readCount('--records', values.records) }, say)
    printIntake(summary, print)
    if (values.json) console.log(JSON.stringify(summary))
    return summary.mistakes.length === 0
  }
  if (what === 'idle') {
    const summary = await benchIdle({ seconds: readCount('--seconds', values.seconds) }, say)
    printIdle(summary, print)
    if (values.json) console.log(JSON.stringify(summary))
    return summary.mistakes.length === 0
  }
  const options: LaneOptions = {
    rate: readRate(values.rate),
    albums: readCount('--albums', values.albums),
    latencyMs: readLatency(values.latency),
    artwork: readArtwork(values.artwork),
    modelTail: values['model-tail'],
    profile: values.profile,
  }
  const summary = await benchLane(options, say)
  printLane(summary, print)
  if (values.json) console.log(JSON.stringify(summary))
  return summary.mistakes.length === 0
}

function readRate(text: string): number {
  const rate = Number(text)
  if (rate > 0 && rate <= 1_000) return rate
  throw new Error(`--rate ${text}: wants a number above 0, at most 1000`)
}

function readCount(name: string, text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 10 && count <= 1_000_000) return count
  throw new Error(`${name} ${text}: wants a whole number from 10 to 1000000`)
}

function readLatency(text: string): LaneOptions['latencyMs'] {
  const [amazon, model, image, ...rest] = text.split('/').map(Number)
  const isTime = (ms: number | undefined): ms is number => ms !== undefined && ms >= 0
  if (isTime(amazon) && isTime(model) && isTime(image) && rest.length === 0) return { amazon, model, image }
  throw new Error(`--latency ${text}: wants milliseconds of Amazon/model/image host, such as 300/3000/500`)
}

function readArtwork(text: string): LaneOptions['artwork'] {
  if (text === 'link' || text === 'download') return text
  throw new Error(`--artwork ${text}: wants link or download`)
}

main().then(
  (isAsMeant) => process.exit(isAsMeant ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  },
)
