import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Artefact, fetchArtefact } from './artefacts.ts'
import { createGuardedFolder, removeFolder } from './guard.ts'

const ARTEFACT: Artefact = { name: 'Thing 1.0', folder: 'thing-1.0', dependencies: '<dependency/>', megabytes: 1 }
/** Finds the repository that Maven is told to fill, and prepares to name a jar in it. */
const READ_ARGUMENTS = `for arg; do
  value=$(echo "$arg" | cut -d= -f2-)
  case $arg in -Dmaven.repo.local=*) out=$value ;; -Dexec.outputFile=*) list=$value ;; esac
done
mkdir -p "$out"
echo "/target/classes:$out/a.jar" > "$list"`

let folder: string
let cache: string
beforeEach(() => {
  folder = createGuardedFolder('album-enricher-artefacts-test')
  cache = join(folder, 'cache', 'album-enricher')
  mkdirSync(join(folder, 'bin'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env.PATH}`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  removeFolder(folder)
})

/** A program called mvn that runs these lines of sh. */
function installMaven(...lines: string[]): void {
  const program = join(folder, 'bin', 'mvn')
  writeFileSync(program, ['#!/bin/sh', READ_ARGUMENTS, ...lines].join('\n'))
  chmodSync(program, 0o755)
}

test('an artefact is fetched once, and found in the cache from then on', async () => {
  installMaven('echo one > "$out/a.jar"')
  const lines: string[] = []
  const home = await fetchArtefact(ARTEFACT, (line) => lines.push(line))
  expect(lines).toEqual(['downloading Thing 1.0 ...', 'downloaded Thing 1.0'])
  installMaven('exit 1')
  expect(await fetchArtefact(ARTEFACT, (line) => lines.push(line))).toBe(home)
  expect(readFileSync(join(home, 'a.jar'), 'utf8')).toBe('one\n')
  expect(readdirSync(cache)).toEqual(['thing-1.0'])
})

test('a download that failed half-way is not taken for a whole one, and its cause is told', async () => {
  installMaven('echo half > "$out/a.jar"', 'echo "no route to host" >&2', 'exit 1')
  await expect(fetchArtefact(ARTEFACT, () => {})).rejects.toThrow('no route to host')
  expect(readdirSync(cache)).toEqual([])
})

test('two that fetch the same artefact at once both get it whole', async () => {
  // Each waits for the other to have begun.
  const begun = join(folder, 'begun')
  mkdirSync(begun)
  installMaven(
    `: > "${begun}/$$"`,
    `until [ "$(ls "${begun}" | wc -l)" -eq 2 ]; do sleep 0.01; done`,
    ': > "$out/a.jar"',
  )
  const homes = await Promise.all([fetchArtefact(ARTEFACT, () => {}), fetchArtefact(ARTEFACT, () => {})])
  expect(homes[0]).toBe(homes[1])
  expect(existsSync(join(homes[0], 'a.jar'))).toBe(true)
  expect(readdirSync(cache)).toEqual(['thing-1.0'])
})
