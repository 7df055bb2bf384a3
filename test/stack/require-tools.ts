import { spawnSync } from 'node:child_process'

/**
 * Checks that Java, and Maven if wanted, are on this machine.
 *
 * @param servers what they are needed for, and the setting that names a server of the user's own instead
 * @throws Error that says what to install
 */
export function requireTools(servers: { name: string; setting: string }[], needsMaven: boolean): void {
  const isJavaThere = hasJava()
  const isMavenThere = !needsMaven || spawnSync('mvn', ['--version']).status === 0
  if (isJavaThere && isMavenThere) return
  const missing = [...(isJavaThere ? [] : ['Java 17 or newer']), ...(isMavenThere ? [] : ['Maven'])].join(' and ')
  const packages = [...(isJavaThere ? [] : ['openjdk-17-jre-headless']), ...(isMavenThere ? [] : ['maven'])].join(' ')
  throw new Error(
    `${missing} must be on this machine to run ${servers.map(({ name }) => name).join(' and ')}.\n` +
      `Install: apt-get install ${packages} (macOS: brew install openjdk maven).\n` +
      `Or, without Java, start a Docker engine that this user may use.\n` +
      `Or set ${servers.map(({ setting }) => setting).join(' and ')} to servers that you have.`,
  )
}

/** Whether the `java` on the path is new enough for Kafka 4. */
export function hasJava(): boolean {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return status === 0 && Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= 17
}
