import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
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
  /** A gzipped tar to unpack, as a path in a Maven repository; absent: the dependencies' jars are wanted. */
  archive?: string
}

export const KAFKA: Artefact = {
  name: 'Apache Kafka 4.4.0',
  folder: 'kafka-4.4.0',
  // With slf4j-simple, since Kafka's own jars bring no logger, and its tree holds slf4j 1.
  dependencies: `
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>`,
  megabytes: 48,
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
  archive: 'io/apicurio/apicurio-registry-app/2.6.13.Final/apicurio-registry-app-2.6.13.Final-all.tar.gz',
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
    onProgress(`downloading ${artefact.name} ... ${sizeOf(repositoryIn(work))} of about ${artefact.megabytes} MB`)
  }, 2_000)
  try {
    const jars = await runMaven(artefact, work)
    const files = join(work, 'files')
    mkdirSync(files)
    if (artefact.archive)
      await runGuarded('tar', ['-xzf', join(repositoryIn(work), artefact.archive), '-C', files], work)
    else for (const jar of jars) renameSync(jar, join(files, basename(jar)))
    moveIntoPlace(files, target)
  } finally {
    clearInterval(ticker)
    removeFolder(work)
  }
  onProgress(`downloaded ${artefact.name}`)
  return target
}

/** A repository for one download: two Mavens at once can damage a shared one. */
const repositoryIn = (work: string) => join(work, 'repository')

/**
 * Fetches the dependencies into the repository; returns the paths of the jars among them. The exec plugin is asked for the
 * class path, since it comes with 4 jars where the dependency plugin needs 50, which take longer than Kafka itself.
 */
async function runMaven(artefact: Artefact, work: string): Promise<string[]> {
  const pom = join(work, 'pom.xml')
  const output = join(work, 'classpath.txt')
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>album-enricher</groupId><artifactId>${artefact.folder}</artifactId><version>1</version>
  <dependencies>${artefact.dependencies}</dependencies>
</project>`,
  )
  await runGuarded(
    'mvn',
    [
      ...['--quiet', '--batch-mode', '--no-transfer-progress', '--file', pom],
      `-Dmaven.repo.local=${repositoryIn(work)}`,
      'org.codehaus.mojo:exec-maven-plugin:3.1.0:exec',
      ...['-Dexec.classpathScope=runtime', '-Dexec.executable=echo', '-Dexec.args=%classpath'],
      `-Dexec.outputFile=${output}`,
    ],
    work,
  )
  const classPath = readFileSync(output, 'utf8').trim().split(':')
  return classPath.filter((path) => path.endsWith('.jar'))
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
