import { fstatSync } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { fileError } from './file-error.ts'

/**
 * Writes a file as its text comes. It is what it was until the text has come to its end: what comes is written beside it, as
 * `FILE.part`. Pipes, devices and standard output are written to at once.
 *
 * @param work is given what appends text
 * @returns what tells people or scripts of it: a line behind the text itself, where that is standard output, would spoil it
 * @throws EnrichmentError FILE_UNUSABLE; what the work throws
 */
export async function writeFileAsRead(
  file: string,
  work: (append: (text: string) => Promise<void>) => Promise<void>,
): Promise<(words: string) => void> {
  const cannotWrite = (error: unknown) => {
    throw fileError(file, 'written', error)
  }
  const { path, isOutput, isPlain, mode } = await lookAt(file).catch(cannotWrite)
  const part = isPlain ? `${path}.part` : path
  const out = await open(part, 'w', mode).catch(cannotWrite)
  try {
    try {
      await work((text) => out.appendFile(text).catch(cannotWrite))
    } finally {
      await out.close().catch(cannotWrite)
    }
    if (isPlain) await rename(part, path).catch(cannotWrite)
  } catch (error) {
    if (isPlain) await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
  return (words) => void (isOutput ? process.stderr : process.stdout).write(`${words}\n`)
}

/** Where a name leads, what is there, and who may read it. */
async function lookAt(file: string) {
  try {
    const [there, told] = [await stat(file), fstatSync(process.stdout.fd)]
    const isOutput = there.dev === told.dev && there.ino === told.ino
    // A folder is told by who opens it.
    const isPlain = there.isFile() && !isOutput
    return { path: isPlain ? await realpath(file) : file, isOutput, isPlain, mode: there.mode & 0o777 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { path: file, isOutput: false, isPlain: true, mode: 0o666 }
  }
}
