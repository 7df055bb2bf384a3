import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GuardedOptions, removeFolder, spawnGuarded } from './guard.ts'
import { areGone, listTree, signalAll } from './processes.ts'
import { tail } from './tail.ts'

const START_TIMEOUT_MS = 120_000
const POLL_MS = 50
/** A server that has not left in good order by then is killed. */
const LONGEST_SHUT_DOWN_MS = 40_000
const LONGEST_TAKEN_MS = 20_000

/** One server of the stack. It keeps its address and its data through `kill` and `start`. */
export interface Server {
  /** Its main process, while it runs. */
  readonly pid: number | undefined
  /** Resolves when it answers. */
  start(): Promise<void>
  /** SIGKILL, to it and its children; resolves when all are gone. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  suspend(): void
  resume(): void
  /** SIGTERM: it leaves in good order and keeps its data; resolves when it is gone. */
  shutDown(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export interface ServerOptions extends Omit<GuardedOptions, 'stdio'> {
  /** For people. */
  name: string
  command: string
  args: string[]
  /** Its data and its log file `log.txt`; removed by `stop`. */
  folder: string
  /** Asked again and again while it starts, with its process id; an error counts as "not yet". */
  isReady: (pid: number | undefined) => Promise<boolean>
}

/** Starts a server. @throws Error with the end of its log when it exits, or does not answer within two minutes. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, command, args, folder, isReady, ...spawnOptions } = options
  const logFile = join(folder, 'log.txt')
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const log = openSync(logFile, 'a')
    const started = spawnGuarded(command, args, { ...spawnOptions, stdio: ['pipe', log, log] })
    closeSync(log)
    child = started
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!(await isReady(started.pid).catch(() => false))) {
      if (hasEnded(started)) throw new Error(`${name} ended while it started. Its last lines:\n${tail(logFile)}`)
      if (Date.now() > deadline) throw new Error(`${name} does not answer. Its last lines:\n${tail(logFile)}`)
      await sleep(POLL_MS)
    }
  }

  /** At its own address, which somebody else may have for a moment while it is away, as whoever looks for a free port has. */
  async function startAgain(): Promise<void> {
    for (const deadline = Date.now() + LONGEST_TAKEN_MS; ; await sleep(POLL_MS)) {
      try {
        return await start()
      } catch (error) {
        if (!isAddressTaken(error) || Date.now() > deadline) throw error
      }
    }
  }

  async function kill(): Promise<void> {
    if (!child?.pid || hasEnded(child)) return
    // Stopped first, so that it starts no child that the list would miss.
    signalAll([child.pid], 'SIGSTOP')
    const tree = listTree(child.pid)
    signalAll(tree, 'SIGKILL')
    while (!hasEnded(child) || !areGone(tree)) await sleep(POLL_MS)
  }

  function suspend(): void {
    if (!child?.pid) return
    signalAll([child.pid], 'SIGSTOP')
    signalAll(listTree(child.pid), 'SIGSTOP')
  }

  function resume(): void {
    if (child?.pid) signalAll(listTree(child.pid), 'SIGCONT')
  }

  /** With this signal, and with SIGKILL when that takes too long. */
  async function end(signal: NodeJS.Signals, longestMs: number): Promise<void> {
    if (!child?.pid || hasEnded(child)) return
    signalAll([child.pid], signal)
    resume()
    const deadline = Date.now() + longestMs
    while (!hasEnded(child) && Date.now() < deadline) await sleep(10)
    await kill()
  }

  async function stop(): Promise<void> {
    await end(`SIG${options.stopSignal}`, 5_000)
    removeFolder(folder)
  }

  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get pid() {
      return child && !hasEnded(child) ? child.pid : undefined
    },
    start: startAgain,
    kill,
    suspend,
    resume,
    shutDown: () => end('SIGTERM', LONGEST_SHUT_DOWN_MS),
    stop,
  }
}

/** Whether a start failed because another process has the port, in the words of Java and of PostgreSQL. */
export const isAddressTaken = (error: unknown) => String(error).includes('Address already in use')

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null
