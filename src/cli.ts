#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2 --optimize-for-size --no-concurrent-sparkplug --no-concurrent-recompilation
// Memory: left alone, V8's young generation grows to 48 MB and glibc keeps an arena a thread. A service that waits on the
// network gains nothing from either; with these flags 300 albums peak at 181 MB instead of 221 (`npm run demo`).
// Compilers: in the background one may ask for a collection while the process exits, and both wait for ever (one exit in two
// hundred on a busy machine, in V8's CollectionBarrier::AwaitCollectionBackground).
import { Argument, Command } from 'commander'
import { loadConfig } from './config.ts'
import { type ErrorCode, toEnrichmentError } from './errors.ts'
import { isRefusal } from './kafka/kafka-error.ts'
import { ROLES, type Role, run } from './main.ts'
import { configCommand } from './ops/commands/config.ts'
import {
  deadDeleteCommand,
  deadExportCommand,
  deadListCommand,
  deadRetryCommand,
  deadShowCommand,
} from './ops/commands/dead.ts'
import { enrichCommand } from './ops/commands/enrich.ts'
import { printJson } from './ops/commands/output.ts'
import { pauseCommand, resumeCommand } from './ops/commands/pause.ts'
import { publishCommand } from './ops/commands/publish.ts'
import { setupCommand } from './ops/commands/setup.ts'
import { showCommand } from './ops/commands/show.ts'
import { statusCommand } from './ops/commands/status.ts'
import { tryCommand } from './ops/commands/try.ts'

const program = new Command('album-enricher').description('Finds the Amazon products of imported albums.')
const verb = (name: string, description: string) => program.command(name).description(description)
const JSON_OPTION = ['--json', 'print one JSON object'] as const

verb('run', 'the service; without a role all of them')
  .addArgument(new Argument('[roles...]', 'parts to run').choices(ROLES))
  .action(runCommand)
verb('setup', 'create tables, topics and schemas; safe to run again')
  .option('--check', 'only look, change nothing')
  .option(...JSON_OPTION)
  .action(setupCommand)
verb('publish', 'publish albums, one JSON object a line')
  .argument('<file>')
  .option(...JSON_OPTION)
  .action(publishCommand)
verb('config', 'the settings in force, without secrets')
  .option(...JSON_OPTION)
  .action(configCommand)
verb('try', 'enrich one album and store nothing: needs an Amazon key, no Kafka and no database')
  .argument('<artist>')
  .argument('<title>')
  .option(...JSON_OPTION)
  .action(tryCommand)
verb('status', 'the lane, what waits, what is in the air, what was given up')
  .option(...JSON_OPTION)
  .action(statusCommand)
verb('show', 'the story of an album or a request')
  .argument('<id>', "an album's id or a request's")
  .option(...JSON_OPTION)
  .action(showCommand)
verb('enrich', 'enrich albums again, ahead of any backlog')
  .argument('<album-ids...>')
  .option(...JSON_OPTION)
  .action(enrichCommand)
verb('pause', 'let the worker take no album until resume; survives restarts')
  .option(...JSON_OPTION)
  .action(pauseCommand)
verb('resume', 'let the worker go on, and try at once what the lane is held for')
  .option('--accept', 'also what only a person can accept: see the remedy in `status`')
  .option(...JSON_OPTION)
  .action(resumeCommand)

const dead = verb('dead', 'what was given up: list, show, retry, delete, export')
const CODE_OPTION = ['--code <code>', 'those with this error code'] as const
dead
  .command('list')
  .description('what is not handled yet')
  .option(...CODE_OPTION)
  .option(...JSON_OPTION)
  .action(deadListCommand)
dead
  .command('show')
  .description('one of them')
  .argument('<id>')
  .option(...JSON_OPTION)
  .action(deadShowCommand)
for (const [name, description, action] of [
  ['retry', 'send a new request for each, ahead of any backlog', deadRetryCommand],
  ['delete', 'leave them out of every list; Kafka keeps the records', deadDeleteCommand],
] as const) {
  dead
    .command(name)
    .description(description)
    .argument('[ids...]', 'ids of `dead list`, or request ids')
    .option(...CODE_OPTION)
    .option('--all', 'all of them')
    .option(...JSON_OPTION)
    .action(action)
}
dead
  .command('export')
  .description('all of them, a line of JSON each, values in base64')
  .argument('<file>')
  .option(...CODE_OPTION)
  .option(...JSON_OPTION)
  .action(deadExportCommand)

/** Until SIGTERM or SIGINT; a second signal ends the process at once. */
async function runCommand(roles: Role[]): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database', 'amazon', 'model', 'artwork', 'service'])
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  await run(config, roles.length === 0 ? [...ROLES] : roles, stop.signal)
}

/** 2: settings or topics to be mended; 3: Amazon or the model refuses; 1: the rest. */
function exitStatusOf(code: ErrorCode): number {
  if (['CONFIG_INVALID', 'TOPIC_WRONG', 'SCHEMA_NOT_REGISTERED', 'TABLES_OUTDATED'].includes(code)) return 2
  if (isRefusal(code)) return 2
  return /^(AMAZON|MODEL)_/.test(code) ? 3 : 1
}

try {
  await program.parseAsync()
  // Nothing may hold the process once its verb is done, not even a library's idle connection. Its status is the verb's.
  process.exit()
} catch (thrown) {
  const { code, message, cause } = toEnrichmentError(thrown)
  if (process.argv.includes('--json')) printJson({ error: { code, message } })
  process.stderr.write(`${message} (${code})\n`)
  if (code === 'INTERNAL' && cause instanceof Error) process.stderr.write(`${cause.stack}\n`)
  process.exit(exitStatusOf(code))
}
