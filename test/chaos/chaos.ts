import { Progress } from '../stack/progress.ts'
import { summarise } from './chaos-report.ts'
import { openHarness, startServers } from './harness.ts'
import { type Arguments, readArguments } from './read-arguments.ts'
import { recordsFor, runChaos } from './run-chaos.ts'
import { selfTest } from './self-test.ts'
import { tellSpan, tellStandstill, tellStories } from './tell-story.ts'

/** From so many kills on it may take the time that a measured run takes. */
const LONG_RUN = 50

const say = (line: string) => process.stderr.write(`${line}\n`)

/**
 * `npm run chaos -- --kills N [--brokers 3] [--secured] [--seed S] [--poison] [--json] [--verbose]`: kills and stops the service's
 * processes and its servers while albums are fed, with `--poison` records among them that are none, then judges what came out.
 * With `--secured` the service logs in to Kafka over TLS and may do what README's table of rights says. Exit status 0 only when all is clean.
 * `npm run chaos -- --self-test [FAULT ...]`: plants faults in the service, all or some, and wants them reported.
 * `npm run chaos -- --brokers 3 --faults rollingRestart:3`: no kills, but these faults of brokers (`twoAway`, `frozen`, ...), so often.
 * `npm run chaos -- --faults databaseReadOnly:1`: the same of the database, which needs no cluster; each lasts a minute.
 */
async function main(told: Arguments): Promise<boolean> {
  const { seed, kills, brokers, schedule, hasOnlyFaults, isPoisonous, json, verbose } = told
  const servers = await startServers(brokers, told.isSecured, say)
  try {
    if (told.selfTest) return await selfTest(servers, { only: told.selfTest, seed, json, says: verbose, say })
    say(`seed ${seed}`)
    const harness = await openHarness(servers, { name: 'chaos', says: verbose, isPoisonous })
    const progress = hasOnlyFaults ? new Progress('faults', schedule.servers.length) : new Progress('kills', kills)
    const onProgress = verbose ? () => undefined : (done: number) => progress.show(done)
    const result = await runChaos(harness, {
      seed,
      schedule,
      records: recordsFor(kills),
      isLong: hasOnlyFaults || kills >= LONG_RUN,
      onProgress,
    })
    const { figures, faulty } = summarise(result, harness, seed, schedule)
    const stories = tellStories(result.verdict, result.evidence, harness.chronicle)
    const standstill = tellStandstill(result.verdict, result.evidence, harness.chronicle)
    await harness.close()
    if (stories !== '') say(`\n${stories}\n`)
    if (standstill !== '') say(`\nno outcome any more: ${standstill}\n`)
    say(`\nlongest time without an outcome: ${tellSpan(harness.live.longestPause, harness.chronicle)}\n`)
    for (const denial of new Set(result.denials)) say(`Kafka denied: ${denial}`)
    for (const fault of faulty) say(`NOT CLEAN: ${fault}`)
    if (json) console.log(JSON.stringify(figures))
    else for (const [name, figure] of Object.entries(figures)) console.log(`${name}: ${JSON.stringify(figure)}`)
    return faulty.length === 0
  } finally {
    await servers.stop()
  }
}

function readOrExit(): Arguments {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exit(2)
  }
}

// Only an orderly exit takes the service's processes along; some of them may be stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
main(readOrExit()).then(
  (isClean) => process.exit(isClean ? 0 : 1),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
