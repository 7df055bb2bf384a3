import { describeConfig, loadConfig } from '../../config.ts'
import { toEnrichmentError } from '../../errors.ts'
import { formatTable } from '../format-table.ts'
import { print, printJson } from './output.ts'

/**
 * `config`: the settings in force, secrets hidden; wrong ones are shown as wrong. Exit status 2 and a line for each mistake
 * where the service would not start with them.
 */
export function configCommand({ json }: { json?: true }): void {
  const settings = describeConfig()
  const mistakes = findMistakes()
  if (json) {
    const values = settings.map(({ name, value }) => [name, value])
    const notes = settings.flatMap(({ name, note }) => (note === '' ? [] : [[name, note]]))
    printJson({ ...Object.fromEntries(values), notes: Object.fromEntries(notes), mistakes })
  } else {
    const rows = settings.map(({ name, value, note }) => [name, value ?? '', note])
    print(formatTable(['setting', 'value', ''], rows))
    for (const mistake of mistakes) process.stderr.write(`${mistake}\n`)
  }
  if (mistakes.length > 0) process.exitCode = 2
}

/** What is wrong for the service, a line each; also what is wrong only in view of another setting. */
function findMistakes(): string[] {
  try {
    loadConfig(['kafka', 'registry', 'database', 'amazon', 'model', 'artwork', 'service'])
    return []
  } catch (error) {
    // The first line counts them.
    return toEnrichmentError(error).message.split('\n  ').slice(1)
  }
}
