import { describeConfig, findMistakes } from '../../config.ts'
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
