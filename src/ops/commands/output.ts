import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'

/** Writes to standard output: text for people, or one JSON object as the last line for scripts. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}

/** Does many things, one after the other, and tells of them at the end; also of those before the one that failed. */
export async function tellingOf(done: readonly unknown[], tell: () => void, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (done.length > 0) tell()
    throw error
  })
  tell()
}

/** A reader that goes, as `head` does, ends no work that is under way: a verb does what it was told and has its own status. */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** Compilers, whose work in the background is over within milliseconds once none is begun anew. */
const COMPILERS = ['opt', 'maglev', 'sparkplug']
const LAST_COMPILATION_MS = 20

/**
 * Ends the process once its output is written, or nobody reads it any more: a pipe takes 64 kB at a time, and what waits
 * behind that would end with the process. Nothing else may hold it, not even a library's idle connection.
 *
 * The compilers are stopped first: one that asks for a collection while the process exits waits for it for ever, and the
 * process for the compiler (V8's CollectionBarrier::AwaitCollectionBackground; 13 of 300 exits with a tight heap, 0 of 150
 * like this).
 *
 * @param status the verb's own (process.exitCode) unless given
 */
export async function endProcess(status?: number): Promise<never> {
  // An empty write is called back after all that came before it, also when those failed.
  const isWritten = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()))
  for (const compiler of COMPILERS) setFlagsFromString(`--no-${compiler}`)
  await Promise.all([isWritten(process.stdout), isWritten(process.stderr), delay(LAST_COMPILATION_MS)])
  // Told undefined it would forget the verb's.
  process.exit(status ?? process.exitCode)
}
