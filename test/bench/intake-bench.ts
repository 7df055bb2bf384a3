import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { whileCoordinatorMoves } from '../../src/kafka/while-coordinator-moves.ts'
import { Progress } from '../stack/progress.ts'
import { ServiceProcess } from '../stack/service-process.ts'
import { AMAZON_SETTINGS, type BenchEnv, BenchStack, describeSurroundings } from './bench-stack.ts'
import { importAlbums } from './import-albums.ts'
import { LoadMeter, usageOf } from './usage.ts'

const POLL_MS = 100
const TIMEOUT_MS = 600_000
/** Records of one transaction carry times that are no further apart. */
const SAME_SEND_MS = 20

/** One of the two at work. */
interface Round {
  records: number
  seconds: number
  cpuSeconds: number
  peakRssMb: number
}

export type IntakeSummary = Awaited<ReturnType<typeof benchIntake>>

/**
 * Intake as a process of its own, between two runs of a bare KafkaJS loop over the same records. A round's speed is counted
 * from its first transaction to its last, by the times in the records that it wrote; starting is left out.
 */
export async function benchIntake({ records }: { records: number }, say: (line: string) => void) {
  const stack = await BenchStack.start(say)
  // Intake asks for none of these; the service does.
  const env: BenchEnv = { ...stack.env, ...AMAZON_SETTINGS }
  try {
    await stack.setUp(env)
    const surroundings = await describeSurroundings(stack)
    await (await importAlbums(env, records))()
    const load = new LoadMeter()
    const rounds: Round[] = []
    for (const [index, what] of ['bare loop', 'intake', 'bare loop'].entries()) {
      const group = what === 'intake' ? `${env.KAFKA_GROUP_PREFIX}.intake` : `${env.KAFKA_GROUP_PREFIX}.raw-${index}`
      rounds.push(await runRound({ env, what, group, records, written: index * records }))
    }
    const [before, own, after] = rounds as [Round, Round, Round]
    const raw = {
      records: before.records + after.records,
      seconds: before.seconds + after.seconds,
      cpuSeconds: before.cpuSeconds + after.cpuSeconds,
    }
    const perSecond = ({ records: count, seconds }: Pick<Round, 'records' | 'seconds'>) => Math.round(count / seconds)
    return {
      records,
      recordsPerSecond: perSecond(own),
      rawRecordsPerSecond: perSecond(raw),
      rawRounds: [before, after].map(perSecond),
      ratio: Math.round((perSecond(own) / perSecond(raw)) * 1_000) / 1_000,
      cpuSecondsPer1000: round((own.cpuSeconds / records) * 1_000),
      rawCpuSecondsPer1000: round((raw.cpuSeconds / records / 2) * 1_000),
      peakRssMb: own.peakRssMb,
      mistakes: [] as string[],
      load: load.read(),
      ...surroundings,
    }
  } finally {
    await stack.stop()
  }
}

interface RoundOptions {
  env: BenchEnv
  what: string
  group: string
  records: number
  /** Records in the output before this round. */
  written: number
}

async function runRound({ env, what, group, records, written }: RoundOptions): Promise<Round> {
  const service = what === 'intake' ? new ServiceProcess(env, ['run', 'intake']) : undefined
  const loop = service ? undefined : forkLoop(env, group)
  const pid = service?.pid ?? loop?.pid ?? 0
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const topic = env.TOPIC_IMPORTED
    const ended = service ? service.exited() : once(loop as ChildProcess, 'exit')
    let hasEnded = false
    void ended.then(() => (hasEnded = true))
    const progress = new Progress(what, records)
    const deadline = Date.now() + TIMEOUT_MS
    let starting = usageOf(pid).cpuSeconds
    for (let done = 0; done < records; ) {
      await sleep(POLL_MS)
      if (done === 0) starting = usageOf(pid).cpuSeconds
      // A new broker has yet to make the topic of the groups' offsets.
      const [offsets] = await whileCoordinatorMoves(() => admin.fetchOffsets({ groupId: group, topics: [topic] }))
      done = (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
      progress.show(Math.min(done, records))
      if (hasEnded) throw new Error(`${what} ended before its work was done\n${service?.tail() ?? ''}`)
      if (Date.now() > deadline) throw new Error(`${what} did not come to an end: ${done} of ${records}`)
    }
    const { cpuSeconds, peakRssMb } = usageOf(pid)
    const { count, seconds } = await readSpan(kafka, env.TOPIC_ENRICHMENT, written, written + records)
    return { records: count, seconds, cpuSeconds: cpuSeconds - starting, peakRssMb }
  } finally {
    await admin.disconnect()
    await service?.stop()
    loop?.kill('SIGKILL')
  }
}

function forkLoop(env: Record<string, string>, group: string): ChildProcess {
  const file = fileURLToPath(new URL('raw-loop.ts', import.meta.url))
  return fork(file, {
    env: { ...process.env, ...env, RAW_GROUP: group },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** From the first send to the last one of the records so many to so many of a topic; the first send's are not counted. */
async function readSpan(
  kafka: Kafka,
  topic: string,
  from: number,
  to: number,
): Promise<{ count: number; seconds: number }> {
  const times: number[] = []
  const all = Promise.withResolvers<void>()
  const consumer = kafka.consumer({ groupId: `span-${from}-${Date.now()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { timestamp } of batch.messages) times.push(Number(timestamp))
      if (times.length >= to) all.resolve()
    },
  })
  await all.promise
  await consumer.disconnect()
  const own = times.slice(from, to).sort((a, b) => a - b)
  const [first = 0, last = 0] = [own[0], own.at(-1)]
  const firstSend = own.filter((time) => time - first <= SAME_SEND_MS).length
  return { count: own.length - firstSend, seconds: (last - first) / 1_000 }
}

const round = (value: number) => Math.round(value * 1_000) / 1_000
