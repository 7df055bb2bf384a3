import { Argument, Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { EnrichmentError, type ErrorCode, isToBeMended, toEnrichmentError } from './errors.ts'
import { endProcess, printJson, watchOutput } from './ops/commands/output.ts'
import { ROLES, type Role } from './roles.ts'

const JSON_OPTION = ['--json', 'print one JSON object'] as const
const CODE_OPTION = ['--code <code>', 'those with this error code'] as const

/** Runs the verb of the command line and ends the process with its status. Each verb loads what it needs and no more. */
export async function runProgram(): Promise<void> {
  watchOutput()
  try {
    await createProgram().parseAsync()
    await endProcess()
  } catch (thrown) {
    // Help and version end so, too.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) await endProcess()
    const isUsage = thrown instanceof CommanderError
    const { code, message, cause } = isUsage ? usageError(thrown) : toEnrichmentError(thrown)
    if (process.argv.includes('--json')) printJson({ error: { code, message } })
    // Of a mistake in the command line commander has written already.
    if (!isUsage) process.stderr.write(`${message} (${code})\n`)
    if (code === 'INTERNAL' && cause instanceof Error) process.stderr.write(`${cause.stack}\n`)
    await endProcess(exitStatusOf(code))
  }
}

function usageError({ code, message }: CommanderError): EnrichmentError {
  const text = code === 'commander.help' ? 'a command is missing: see --help' : message.replace(/^error: /, '')
  return new EnrichmentError('CONFIG_INVALID', text)
}

function createProgram(): Command {
  const program = new Command('album-enricher')
    .description('Finds the Amazon products of imported albums.')
    .version(packageJson.version)
    .exitOverride()
  const verb = (name: string, description: string) => program.command(name).description(description)

  verb('run', 'the service; without a role all of them')
    .addArgument(new Argument('[roles...]', 'parts to run').choices(ROLES))
    .action(runCommand)
  verb('setup', 'create tables, topics and schemas; safe to run again')
    .option('--check', 'only look, change nothing')
    .option('--print-sql', 'print the SQL of the migrations that are outstanding, for psql, and change nothing')
    .option('--no-register', 'register no schema, only look for them: where a pipeline registers them')
    .option('--create-database', 'create the database too, where DATABASE_URL names one that is not there')
    .option(...JSON_OPTION)
    .action(async (options) => (await import('./ops/commands/setup.ts')).setupCommand(options))
  verb('publish', 'publish albums, one JSON object a line')
    .argument('<file>')
    .option(...JSON_OPTION)
    .action(async (file, options) => (await import('./ops/commands/publish.ts')).publishCommand(file, options))
  verb('config', 'the settings in force, without secrets')
    .option(...JSON_OPTION)
    .action(async (options) => (await import('./ops/commands/config.ts')).configCommand(options))
  verb('try', 'enrich one album and store nothing: needs an Amazon key, no Kafka and no database')
    .argument('<artist>')
    .argument('<title>')
    .option(...JSON_OPTION)
    .action(async (artist, title, options) =>
      (await import('./ops/commands/try.ts')).tryCommand(artist, title, options),
    )
  verb('status', 'the lane, what waits, what is in the air, what was given up')
    .option(...JSON_OPTION)
    .action(async (options) => (await import('./ops/commands/status.ts')).statusCommand(options))
  verb('show', 'the story of an album or a request')
    .argument('<id>', "an album's id or a request's")
    .option(...JSON_OPTION)
    .action(async (id, options) => (await import('./ops/commands/show.ts')).showCommand(id, options))
  verb('enrich', 'enrich albums again, ahead of any backlog')
    .argument('<album-ids...>')
    .option(...JSON_OPTION)
    .action(async (ids, options) => (await import('./ops/commands/enrich.ts')).enrichCommand(ids, options))
  verb('forget', 'erase all that is stored of albums')
    .argument('<album-ids...>')
    .option(...JSON_OPTION)
    .action(async (ids, options) => (await import('./ops/commands/forget.ts')).forgetCommand(ids, options))
  verb('pause', 'let the worker take no album until resume; survives restarts')
    .option(...JSON_OPTION)
    .action(async (options) => (await import('./ops/commands/pause.ts')).pauseCommand(options))
  verb('resume', 'let the worker go on, and try at once what the lane is held for')
    .option('--accept', 'also what only a person can accept: see the remedy in `status`')
    .option(...JSON_OPTION)
    .action(async (options) => (await import('./ops/commands/pause.ts')).resumeCommand(options))
  addDeadVerbs(verb('dead', 'what was given up: list, show, retry, delete, export'))
  addReviewVerbs(verb('review', 'what a person is to decide: list, show, accept, reject, add, undo, export'))
  return program
}

function addDeadVerbs(dead: Command): void {
  const load = () => import('./ops/commands/dead.ts')
  dead
    .command('list')
    .description('what is not handled yet')
    .option(...CODE_OPTION)
    .option(...JSON_OPTION)
    .action(async (options) => (await load()).deadListCommand(options))
  dead
    .command('show')
    .description('one of them')
    .argument('<id>')
    .option(...JSON_OPTION)
    .action(async (id, options) => (await load()).deadShowCommand(id, options))
  for (const [name, description] of [
    ['retry', 'send a new request for each, ahead of any backlog'],
    ['delete', 'leave them out of every list; Kafka keeps the records'],
  ] as const) {
    dead
      .command(name)
      .description(description)
      .argument('[ids...]', 'ids of `dead list`, or request ids')
      .option(...CODE_OPTION)
      .option('--all', 'all of them')
      .option(...JSON_OPTION)
      .action(async (ids, options) => {
        const { deadDeleteCommand, deadRetryCommand } = await load()
        await (name === 'retry' ? deadRetryCommand : deadDeleteCommand)(ids, options)
      })
  }
  dead
    .command('export')
    .description('all of them, a line of JSON each, values in base64')
    .argument('<file>')
    .option(...CODE_OPTION)
    .option(...JSON_OPTION)
    .action(async (file, options) => (await load()).deadExportCommand(file, options))
}

function addReviewVerbs(review: Command): void {
  const load = () => import('./ops/commands/review.ts')
  const anyMarketplace = ['--marketplace <site>', 'another than AMAZON_MARKETPLACE, for example www.amazon.de'] as const
  const ownMarketplace = ['--marketplace <site>', 'only AMAZON_MARKETPLACE: another lane has its own settings'] as const
  const byName = ['--by <name>', 'who decides, where the user of the shell does not tell'] as const
  review
    .command('list')
    .description('albums that wait for a person, the longest waiting first')
    .option('--all', 'also those that have links')
    .option('--limit <n>', 'no more than so many; how many there are is told (100, with --json all)')
    .option(...JSON_OPTION)
    .action(async (options) => (await load()).reviewListCommand(options))
  review
    .command('show')
    .description('one of them beside its candidates')
    .argument('<album-id>')
    .option(...anyMarketplace)
    .option(...JSON_OPTION)
    .action(async (albumId, options) => (await load()).reviewShowCommand(albumId, options))
  for (const [name, description, which] of [
    ['accept', 'link these candidates', '<candidates...>'],
    ['reject', 'do not link these candidates', '<candidates...>'],
    ['undo', 'take verdicts back, all of them unless some are named', '[candidates...]'],
  ] as const) {
    review
      .command(name)
      .description(description)
      .argument('<album-id>')
      .argument(which, 'numbers of `review show`, or ASINs, or addresses of product pages')
      .option(...ownMarketplace)
      .option(...byName)
      .option(...JSON_OPTION)
      .action(async (albumId, candidates, options) => {
        const { reviewAcceptCommand, reviewRejectCommand, reviewUndoCommand } = await load()
        const commands = { accept: reviewAcceptCommand, reject: reviewRejectCommand, undo: reviewUndoCommand }
        await commands[name](albumId, candidates, options)
      })
  }
  review
    .command('add')
    .description('link a product that was not found')
    .argument('<album-id>')
    .argument('<asin>')
    .option(...ownMarketplace)
    .option(...byName)
    .option(...JSON_OPTION)
    .action(async (albumId, asin, options) => (await load()).reviewAddCommand(albumId, asin, options))
  review
    .command('export')
    .description('every verdict as a labelled pair, a line of JSON each, for `npm run eval`')
    .argument('<file>')
    .option(...JSON_OPTION)
    .action(async (file, options) => (await load()).reviewExportCommand(file, options))
}

/** Until SIGTERM or SIGINT; another signal ends the process at once. */
async function runCommand(roles: Role[]): Promise<void> {
  const stop = new AbortController()
  stopOnSignal(stop)
  const [{ loadConfig, SERVICE }, { run }] = await Promise.all([import('./config.ts'), import('./main.ts')])
  const config = loadConfig(SERVICE)
  // Two of one part would be started, and one of them stopped.
  await run(config, roles.length === 0 ? [...ROLES] : [...new Set(roles)], stop.signal)
}

/** A signal that follows so closely is the same one: a terminal sends Ctrl-C to npm and to us, and npm passes it on. */
const SAME_SIGNAL_MS = 1_000

function stopOnSignal(stop: AbortController): void {
  let firstAt: number | undefined
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = () => {
      firstAt ??= performance.now()
      stop.abort()
      if (performance.now() - firstAt < SAME_SIGNAL_MS) return
      process.off(name, onSignal)
      process.kill(process.pid, name)
    }
    process.on(name, onSignal)
  }
}

/** 2: something to be mended first; 3: Amazon or the model refuses; 1: the rest. */
function exitStatusOf(code: ErrorCode): number {
  if (isToBeMended(code)) return 2
  return /^(AMAZON|MODEL)_/.test(code) ? 3 : 1
}
