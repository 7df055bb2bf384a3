import { parseArgs } from 'node:util'
import { ROLES } from '../../src/roles.ts'
import { readBrokers } from '../stack/kafka.ts'
import { Progress } from '../stack/progress.ts'
import { openArena, startServers } from './arena.ts'
import { summarise } from './chaos-report.ts'
import { Random } from './random.ts'
import { recordsFor, runChaos } from './run-chaos.ts'
import { makeSchedule, onlyFaults } from './schedule.ts'
import { selfTest } from './self-test.ts'
import { tellSpan, tellStories } from './tell-story.ts'

/** From so many kills on it may take the time that a measured run takes. */
const LONG_RUN = 50

/**
 * `npm run chaos -- --kills N [--brokers 3] [--seed S] [--poison] [--json] [--verbose]`: kills and stops the service's
 * processes and its servers while albums are fed, with `--poison` records among them that are none, then judges what came out. Exit status 0 only when all is clean.
 * `npm run chaos -- --self-test [FAULT ...]`: plants faults in the service, all or some, and wants them reported.
 * `npm run chaos -- --brokers 3 --faults rollingRestart:3`: no kills, but these faults of brokers (`twoAway`, `frozen`, ...), so often.
 */
async function main(): Promise<boolean> {
  const options = {
    kills: { type: 'string', default: '20' },
    brokers: { type: 'string', default: '1' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    poison: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    'self-test': { type: 'boolean', default: false },
  } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const { faults } = values
  if (positionals.length > 0 && !values['self-test']) throw new Error(`${positionals[0]}: only --self-test takes names`)
  const kills = faults === undefined ? readNumber('kills', values.kills) : 0
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : readNumber('seed', values.seed)
  const brokers = readBrokers(values.brokers)
  const isCluster = brokers > 1
  if (faults !== undefined && !isCluster)
    throw new Error('--faults is about brokers of a cluster: give it --brokers 3 too')
  const hasRelay = (ROLES as readonly string[]).includes('relay')
  const schedule =
    faults === undefined ? makeSchedule(kills, new Random(seed), hasRelay, isCluster) : onlyFaults(faults)
  const servers = await startServers(brokers, say)
  try {
    if (values['self-test'])
      return await selfTest(servers, { only: positionals, seed, json: values.json, says: values.verbose, say })
    say(`seed ${seed}`)
    const arena = await openArena(servers, { name: 'chaos', says: values.verbose, isPoisonous: values.poison })
    const progress =
      faults === undefined ? new Progress('kills', kills) : new Progress('faults', schedule.brokers.length)
    const onProgress = values.verbose ? () => undefined : (done: number) => progress.show(done)
    const result = await runChaos(arena, {
      seed,
      schedule,
      records: recordsFor(kills),
      isLong: faults !== undefined || kills >= LONG_RUN,
      onProgress,
    })
    const { figures, faulty } = summarise(result, arena, seed, schedule)
    const stories = tellStories(result.verdict, result.evidence, arena.chronicle)
    await arena.close()
    if (stories !== '') say(`\n${stories}\n`)
    say(`\nlongest time without an outcome: ${tellSpan(arena.live.longestPause, arena.chronicle)}\n`)
    for (const fault of faulty) say(`NOT CLEAN: ${fault}`)
    if (values.json) console.log(JSON.stringify(figures))
    else for (const [name, figure] of Object.entries(figures)) console.log(`${name}: ${JSON.stringify(figure)}`)
    return faulty.length === 0
  } finally {
    await servers.stop()
  }
}

function readNumber(name: string, text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} ${text}: give it a whole number`)
  return number
}

// Only an orderly exit takes the service's processes along; some of them may be stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
main().then(
  (isClean) => process.exit(isClean ? 0 : 1),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
