import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkFiles, checkLinks } from './check-files.ts'
import { checkImports } from './check-imports.ts'
import { checkVersions } from './check-versions.ts'
import { findStale } from './generate.ts'

/** `npm run check`: everything that needs no server, cheapest first. Each fault is a line that says what to do. */
const root = fileURLToPath(new URL('../..', import.meta.url))

const CHECKS: [string, () => string[]][] = [
  ['import order', () => checkImports(root)],
  ['file sizes and names', () => checkFiles(root)],
  ['generated files', findStale],
  ['versions', () => checkVersions(root)],
  ['links', () => checkLinks(root)],
  ['lint and format', () => command('biome', 'check', '--error-on-warnings', '.')],
  ['types', () => command('tsc', '-p', '.')],
  ['unused files, exports and dependencies', () => command('knip')],
]

function command(name: string, ...args: string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(`${root}/node_modules/.bin/${name}`, args, {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? [] : [`${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trim()]
}

let failed = 0
for (const [name, check] of CHECKS) {
  const faults = check()
  console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name}`)
  for (const fault of faults) console.log(fault)
  if (faults.length > 0) failed += 1
}
console.log(`${CHECKS.length - failed} checks passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
