import { describeConfig } from '../../config.ts'
import { formatTable } from '../format-table.ts'
import { print, printJson } from './output.ts'

/** `config`: the settings in force, secrets hidden; wrong ones are shown as wrong. */
export function configCommand({ json }: { json?: true }): void {
  const settings = describeConfig()
  if (json) printJson(Object.fromEntries(settings.map(({ name, value }) => [name, value])))
  else
    print(
      formatTable(
        ['setting', 'value', ''],
        settings.map(({ name, value, note }) => [name, value ?? '', note]),
      ),
    )
}
