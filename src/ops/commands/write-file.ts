import { open } from 'node:fs/promises'
import { fileError } from './file-error.ts'

/**
 * Writes a file as its text comes. One that does not come to its end is left empty: half of it would be taken for the whole.
 *
 * @param work is given what appends text
 * @throws EnrichmentError FILE_UNUSABLE; what the work throws
 */
export async function writeFileAsRead(
  file: string,
  work: (append: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const cannotWrite = (error: unknown) => {
    throw fileError(file, 'written', error)
  }
  const out = await open(file, 'w').catch(cannotWrite)
  try {
    await work((text) => out.appendFile(text).catch(cannotWrite))
  } catch (error) {
    // A pipe has nothing to be emptied of.
    await out.truncate().catch(() => undefined)
    throw error
  } finally {
    await out.close().catch(cannotWrite)
  }
}
