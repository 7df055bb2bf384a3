import { EnrichmentError } from '../../errors.ts'

/** What became of a file that a person named, as an error that says so; anything but a system's error is as it was. */
export function fileError(file: string, doing: 'read' | 'written', error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || error instanceof EnrichmentError) return error
  const remedies: Record<string, string> = {
    ENOENT: 'there is no such file or folder: see its name',
    EISDIR: 'it is a folder: name a file',
    EACCES: 'this user may not: see its permissions',
    ENOSPC: 'the disk is full: free some space',
  }
  return new EnrichmentError('FILE_UNUSABLE', `${file} cannot be ${doing}: ${remedies[code] ?? message}`, {
    cause: error,
  })
}
