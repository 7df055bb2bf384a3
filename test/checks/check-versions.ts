import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What carries the version beside package.json, with the pattern that finds it there: they move together, and the change log
 * says what an upgrade to it needs.
 */
const PLACES: [string, RegExp][] = [
  ['package-lock.json', /^ {2}"version": "(.+)"/m],
  ['helm/album-enricher/Chart.yaml', /^version: (.+)$/m],
  ['helm/album-enricher/Chart.yaml', /^appVersion: (.+)$/m],
  ['docker-compose.yml', /^ {2}image: album-enricher:(.+)$/m],
  ['CHANGELOG.md', /^## (.+)$/m],
]
/** The image's Node is the one that the tests run. */
const BASE = /^FROM node:([^-\s]+)/gm
/** Compose starts the same tomorrow as today. */
const UNPINNED = /^ +image: [^:\n]+(?::(?:latest|\d+))?$/gm

export function checkVersions(root: string): string[] {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const { version, devDependencies } = JSON.parse(read('package.json'))
  const wrong = PLACES.map(([file, pattern]) => ({ file, found: pattern.exec(read(file))?.[1] }))
    .filter(({ found }) => found !== version)
    .map(({ file, found }) => `${file} says version ${found}, package.json ${version}: move them together`)
  const unpinned = [...read('docker-compose.yml').matchAll(UNPINNED)].map(
    ([line]) => `docker-compose.yml has ${line.trim()}: name the whole version`,
  )
  const otherNode = [...read('Dockerfile').matchAll(BASE)]
    .filter(([, node]) => node !== devDependencies.node)
    .map(([line]) => `Dockerfile has ${line}, package.json node ${devDependencies.node}: what was tested is what runs`)
  return [...wrong, ...unpinned, ...otherNode]
}
