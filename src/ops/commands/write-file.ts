import { fstatSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileError } from './file-error.ts'

/**
 * Writes a file as its text comes. One that does not come to its end is left empty: half of it would be taken for the whole.
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
  const out = await open(file, 'w').catch(cannotWrite)
  try {
    const [written, told] = [await out.stat(), fstatSync(process.stdout.fd)]
    const isOutput = written.dev === told.dev && written.ino === told.ino
    await work((text) => out.appendFile(text).catch(cannotWrite))
    return (words) => void (isOutput ? process.stderr : process.stdout).write(`${words}\n`)
  } catch (error) {
    // A pipe has nothing to be emptied of.
    await out.truncate().catch(() => undefined)
    throw error
  } finally {
    await out.close().catch(cannotWrite)
  }
}
