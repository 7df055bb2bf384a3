import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateAclTable } from './generate-acls.ts'
import { generateEvents } from './generate-events.ts'
import { generateEnvExample, generateSettingsTable } from './generate-settings.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Generated files, and README with its generated part, as they should be. */
export function generateAll(): Map<string, string> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  return new Map([
    ['src/events.ts', generateEvents(root)],
    ['.env.example', generateEnvExample()],
    ['README.md', withPart(withPart(readme, 'settings', generateSettingsTable()), 'acls', generateAclTable())],
  ])
}

/** Generated files that differ from their sources. */
export function findStale(): string[] {
  const stale = [...generateAll()].filter(([file, text]) => readFileSync(join(root, file), 'utf8') !== text)
  return stale.map(([file]) => `${file} is stale: npm run generate`)
}

function withPart(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`]
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md lacks ${begin} ... ${end}`)
  return `${before}${begin}\n${part}\n${end}${after}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of generateAll()) writeFileSync(join(root, file), text)
}
