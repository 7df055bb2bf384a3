import { randomUUID } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Small and quick to start: these servers serve one machine for minutes. */
export const JAVA_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

// An archive that does not fit, after Java was upgraded, is left alone; the lines that would say so are nobody's output.
const QUIETLY = ['-Xlog:disable', '-Xlog:all=error:stderr']

/**
 * Java's flags with which a program takes its classes ready loaded from an archive: half of a start's CPU time is their
 * loading. The archive is made the first time, and stays; where none can be made there are no flags.
 *
 * @param folder where it is kept: the program's own, so that another version has another one
 * @param runOnce runs the program with these flags to an end in good order
 */
export async function classArchive(folder: string, runOnce: (flags: string[]) => Promise<void>): Promise<string[]> {
  const archive = join(folder, 'classes.jsa')
  if (!existsSync(archive)) {
    const made = `${archive}-${randomUUID().slice(0, 8)}`
    // Not every Java can: one that comes without an archive of its own refuses the flag. What else fails will fail without it.
    await runOnce([`-XX:ArchiveClassesAtExit=${made}`, ...QUIETLY]).catch(() => undefined)
    if (!existsSync(made)) return []
    renameSync(made, archive)
  }
  return [`-XX:SharedArchiveFile=${archive}`, ...QUIETLY]
}
