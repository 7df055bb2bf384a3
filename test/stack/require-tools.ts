import { spawnSync } from 'node:child_process'

/**
 * Checks that Java, and Maven if wanted, are on this machine.
 *
 * @param servers what they are needed for, and the setting that names a server of the user's own instead
 * @throws Error that says what to install
 */
export function requireTools(servers: { name: string; setting: string }[], needsMaven: boolean): void {
  const hasJava = javaVersion() >= 17
  const hasMaven = !needsMaven || spawnSync('mvn', ['--version']).status === 0
  if (hasJava && hasMaven) return
  const missing = [...(hasJava ? [] : ['Java 17 or newer']), ...(hasMaven ? [] : ['Maven'])].join(' and ')
  const packages = [...(hasJava ? [] : ['openjdk-17-jre-headless']), ...(hasMaven ? [] : ['maven'])].join(' ')
  throw new Error(
    `${missing} must be on this machine to run ${servers.map(({ name }) => name).join(' and ')}.\n` +
      `Install: apt-get install ${packages} (macOS: brew install openjdk maven).\n` +
      `Or set ${servers.map(({ setting }) => setting).join(' and ')} to servers that you have.`,
  )
}

/** The major version of the `java` on the path; 0 without one. */
function javaVersion(): number {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (status !== 0) return 0
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
}
