import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createGuardedFolder, removeFolder } from './guard.ts'
import { runGuarded } from './run-guarded.ts'

/** Told to people while they wait: a line without its end. */
export type OnProgress = (line: string) => void

export interface Artefact {
  /** For people, with its version. */
  name: string
  /** Where it goes in the cache; names the version, so a new version is another folder. */
  folder: string
  /** Maven dependencies, as XML. */
  dependencies: string
  /** Megabytes that Maven fetches for it, about. */
  megabytes: number
  /** Whether the one file is an archive to unpack. */
  unpack?: true
}

export const KAFKA: Artefact = {
  name: 'Apache Kafka 4.4.0',
  folder: 'kafka-4.4.0',
  // With slf4j-simple, since Kafka's own jars bring no logger, and its tree holds slf4j 1.
  dependencies: `
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>`,
  megabytes: 50,
}

export const REGISTRY: Artefact = {
  name: 'Apicurio Registry 2.6.13',
  folder: 'apicurio-registry-2.6.13',
  // The archive holds all it needs, so nothing that its pom names is fetched.
  dependencies: `
    <dependency>
      <groupId>io.apicurio</groupId><artifactId>apicurio-registry-app</artifactId><version>2.6.13.Final</version>
      <type>tar.gz</type><classifier>all</classifier>
      <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>
    </dependency>`,
  megabytes: 150,
  unpack: true,
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'album-enricher')
}

export function isCached(artefact: Artefact): boolean {
  return existsSync(join(cacheFolder(), artefact.folder))
}

/**
 * The artefact's folder in the user's cache, filled by Maven the first time. It appears there whole or not at all, also
 * when two processes fetch it at once or one is interrupted.
 *
 * @throws Error with Maven's last lines
 */
export async function fetchArtefact(artefact: Artefact, onProgress: OnProgress): Promise<string> {
  const target = join(cacheFolder(), artefact.folder)
  if (existsSync(target)) return target
  mkdirSync(cacheFolder(), { recursive: true })
  const work = createGuardedFolder(`${artefact.folder}-download`, cacheFolder())
  onProgress(`downloading ${artefact.name} ...`)
  const ticker = setInterval(() => {
    onProgress(`downloading ${artefact.name} ... ${sizeOf(join(work, 'repository'))} of about ${artefact.megabytes} MB`)
  }, 2_000)
  try {
    await runMaven(artefact, work)
    if (artefact.unpack) onProgress(`unpacking ${artefact.name} ...`)
    if (artefact.unpack) await unpack(join(work, 'files'), work)
    moveIntoPlace(join(work, 'files'), target)
  } finally {
    clearInterval(ticker)
    removeFolder(work)
  }
  onProgress(`downloaded ${artefact.name}`)
  return target
}

async function runMaven(artefact: Artefact, work: string): Promise<void> {
  const pom = join(work, 'pom.xml')
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>album-enricher</groupId><artifactId>${artefact.folder}</artifactId><version>1</version>
  <dependencies>${artefact.dependencies}</dependencies>
</project>`,
  )
  // A repository of its own: two Mavens at once can damage a shared one.
  await runGuarded(
    'mvn',
    [
      ...['--quiet', '--batch-mode', '--no-transfer-progress', '--file', pom],
      `-Dmaven.repo.local=${join(work, 'repository')}`,
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
      `-DoutputDirectory=${join(work, 'files')}`,
      '-DincludeScope=runtime',
    ],
    work,
  )
}

async function unpack(folder: string, work: string): Promise<void> {
  for (const archive of readdirSync(folder)) {
    await runGuarded('tar', ['-xzf', join(folder, archive), '-C', folder], work)
    rmSync(join(folder, archive))
  }
}

function moveIntoPlace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Another process was quicker with the same files.
    if (!existsSync(to)) throw error
  }
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const size = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (size?.isFile()) bytes += size.size
  }
  return Math.round(bytes / 1e6)
}
