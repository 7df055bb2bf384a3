import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateAclTable } from './generate-acls.ts'
import { generateChartSchema } from './generate-chart-schema.ts'
import { generateEvents } from './generate-events.ts'
import { generateCodeTable, generateMetricTable } from './generate-reference.ts'
import { generateEnvExample, generateSettingsTable } from './generate-settings.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const RUNBOOKS = 'helm/album-enricher/RUNBOOKS.md'

/** Generated files, and those that have generated parts, as they should be. */
export function generateAll(): Map<string, string> {
  return new Map([
    ['src/events.ts', generateEvents(root)],
    ['.env.example', generateEnvExample()],
    ['helm/album-enricher/values.schema.json', generateChartSchema(root)],
    withParts('README.md', { settings: generateSettingsTable(), acls: generateAclTable() }),
    withParts(RUNBOOKS, { codes: generateCodeTable(), metrics: generateMetricTable() }),
  ])
}

/** Generated files that differ from their sources. */
export function findStale(): string[] {
  const stale = [...generateAll()].filter(([file, text]) => readFileSync(join(root, file), 'utf8') !== text)
  return stale.map(([file]) => `${file} is stale: npm run generate`)
}

function withParts(file: string, parts: Record<string, string>): [file: string, text: string] {
  let text = readFileSync(join(root, file), 'utf8')
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`]
    const [before, rest] = text.split(begin)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`${file} lacks ${begin} ... ${end}`)
    text = `${before}${begin}\n${part}\n${end}${after}`
  }
  return [file, text]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of generateAll()) writeFileSync(join(root, file), text)
}
