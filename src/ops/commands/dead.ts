import { type Config, loadConfig } from '../../config.ts'
import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import { openCodecs, topicNames } from '../../kafka/event-topics.ts'
import { type DeadLetter, forEachDeadLetter, type Selection, summarise } from '../dead-letters.ts'
import { escapeText, formatTable, shorten } from '../format-table.ts'
import { deleteDeadLetter, type Retried, retryDeadLetter } from '../handle-dead-letter.ts'
import type { Servers } from '../set-up.ts'
import { print, printJson, tellingOf } from './output.ts'
import { userName } from './user-name.ts'
import { withServers, withTables } from './with-servers.ts'
import { writeFileAsRead } from './write-file.ts'

interface Options {
  all?: true
  code?: string
  json?: true
}

const DEPENDENCIES = ['kafka', 'registry', 'database'] as const

/** `dead list`: what was given up and is not handled yet. */
export async function deadListCommand({ code, json }: Options): Promise<void> {
  const letters = await collect(code === undefined ? { all: true } : { code }, summarise)
  if (json) return printJson({ deadLetters: letters })
  if (letters.length === 0) return print('no dead letters')
  const rows = letters.map(({ id, albumId, code, stage, attempt, firstFailedAt, message }) => [
    id,
    albumId ?? '-',
    code,
    stage,
    String(attempt),
    firstFailedAt,
    shorten(message, 90),
  ])
  print(formatTable(['id', 'album', 'code', 'stage', 'attempts', 'first failed', 'why'], rows))
}

/** `dead show ID`: one dead letter with its headers and, where it can be decoded, its album. */
export async function deadShowCommand(id: string, { json }: Options): Promise<void> {
  const config = loadConfig(DEPENDENCIES)
  const [letter] = await collect({ ids: [id] }, (one) => one)
  if (letter === undefined) return
  const content = await withServers(config, ({ registry }) => readContent(letter, config, registry))
  if (json) return printJson({ ...summarise(letter), headers: letter.headers, value: content })
  print(formatTable(['header', 'value'], Object.entries(letter.headers)))
  print(`\n${escapeText(JSON.stringify(content, null, 2))}`)
}

/** The album; in base64 what cannot be decoded, as without a registry. */
async function readContent(
  { record: { value }, stage }: DeadLetter,
  config: Config<'kafka'>,
  registry: Servers['registry'],
): Promise<unknown> {
  if (value === null) return null
  try {
    const codecs = await openCodecs(config, registry)
    return await (stage === 'intake' ? codecs.imported.decode(value) : codecs.requested.decode(value))
  } catch (error) {
    process.stderr.write(`the value is told as it is: ${toEnrichmentError(error).message}\n`)
    return value.toString('base64')
  }
}

/** `dead retry`: a new request through express for each; what intake gave up is checked again first. */
export async function deadRetryCommand(ids: string[], options: Options): Promise<void> {
  const config = loadConfig(DEPENDENCIES)
  const selection = toSelection(ids, options)
  const { dead: topic, express } = topicNames(config)
  const letters: Retried[] = []
  const retryAll = async ({ kafka, registry, db }: Servers) => {
    const codecs = await openCodecs(config, registry)
    await forEachDeadLetter({ kafka, db, topic }, selection, async (letter) => {
      const done = await retryDeadLetter({ kafka, db, topic, express }, codecs, letter, userName())
      letters.push(done)
      const { id, requestId, refused: why } = done
      if (options.json) return
      print(why === null ? `${id} is retried as request ${requestId}` : `${id} is refused: ${escapeText(why)}`)
    })
  }
  const tell = () => {
    const refused = letters.filter((entry) => entry.refused !== null).length
    const retried = letters.length - refused
    if (options.json) printJson({ retried, refused, letters })
    else print(`${retried} retried, ${refused} refused`)
    if (refused > 0) process.exitCode = 1
  }
  await withTables(config, (servers) => tellingOf(letters, tell, () => retryAll(servers)))
}

/** `dead delete`: leaves them out of every list; Kafka keeps the records. */
export async function deadDeleteCommand(ids: string[], options: Options): Promise<void> {
  const config = loadConfig(DEPENDENCIES)
  const selection = toSelection(ids, options)
  const { dead: topic } = topicNames(config)
  const deleted: string[] = []
  const tell = () => {
    if (options.json) printJson({ deleted })
    else print(`${deleted.length} deleted${deleted.length > 0 ? `: ${deleted.join(', ')}` : ''}`)
  }
  const deleteAll = ({ kafka, db }: Servers) =>
    forEachDeadLetter({ kafka, db, topic }, selection, async (letter) => {
      await deleteDeadLetter(db, topic, letter, userName())
      deleted.push(letter.id)
    })
  await withTables(config, (servers) => tellingOf(deleted, tell, () => deleteAll(servers)))
}

/** `dead export FILE`: every unhandled dead letter as a line of JSON, its value in base64. */
export async function deadExportCommand(file: string, { code, json }: Options): Promise<void> {
  const config = loadConfig(DEPENDENCIES)
  const { dead: topic } = topicNames(config)
  let exported = 0
  const tell = await withTables(config, ({ kafka, db }) =>
    writeFileAsRead(file, (append) =>
      forEachDeadLetter({ kafka, db, topic }, code === undefined ? { all: true } : { code }, async (letter) => {
        const value = letter.record.value?.toString('base64') ?? null
        await append(`${JSON.stringify({ ...summarise(letter), headers: letter.headers, value })}\n`)
        exported += 1
      }),
    ),
  )
  tell(json ? JSON.stringify({ exported, file }) : `${exported} dead letters written to ${file}`)
}

function toSelection(ids: string[], { all, code }: Options): Selection {
  if (ids.length > 0) {
    if (code === undefined && !all) return { ids }
    throw new EnrichmentError(
      'CONFIG_INVALID',
      'which dead letters: name ids, or --code CODE, or --all, not two of them',
    )
  }
  if (code !== undefined) return { code }
  if (all) return { all }
  throw new EnrichmentError('CONFIG_INVALID', 'which dead letters: name ids, or --code CODE, or --all')
}

/** @param take what is kept of each: all of them at once have room for no values */
async function collect<T>(selection: Selection, take: (letter: DeadLetter) => T): Promise<T[]> {
  const config = loadConfig(DEPENDENCIES)
  const letters: T[] = []
  await withTables(config, ({ kafka, db }) =>
    forEachDeadLetter({ kafka, db, topic: topicNames(config).dead }, selection, (letter) => {
      letters.push(take(letter))
    }),
  )
  return letters
}
