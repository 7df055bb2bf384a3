import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

// None outlives this process: a test runner that ends early, or a demo that fails, leaves nothing behind.
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface LogLine {
  level: string
  msg: string
  [field: string]: unknown
}

/** Of the line by which lane or intake says that it is held, and for this cause alone. */
export const isHeldFor = (what: 'lane' | 'intake', cause: string) => (line: LogLine) =>
  line.msg === `${what} held` && String(line.causes) === cause

/** The service as an operator starts it: a process of its own, told by settings, stopped by signals. */
export class ServiceProcess {
  readonly logs: LogLine[] = []
  /** What it wrote that is no log line. */
  readonly output: string[] = []
  /** Told of each log line as it comes. */
  onLog: (line: LogLine) => void = () => undefined
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  readonly #waiting = new Set<() => void>()
  /** Whether it has ended, and all that it wrote has been read. */
  #isOver = false

  /**
   * @param verb with its arguments, for example ['run', 'intake']
   * @param command what takes the verb; absent: this checkout's own
   */
  constructor(env: Record<string, string>, verb: string[] = ['run'], command = CLI) {
    const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
    this.#child = spawn(command, verb, {
      env: { PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exit = once(this.#child, 'close').then(([code]) => code as number | null)
    running.add(this.#child)
    this.#child.once('close', () => running.delete(this.#child))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#onLine(line))
    }
    void this.#exit.then(() => {
      this.#isOver = true
      this.#look()
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  #onLine(line: string): void {
    if (line.startsWith('{"level"')) {
      const log: LogLine = JSON.parse(line)
      this.logs.push(log)
      this.onLog(log)
    } else this.output.push(line)
    this.#look()
  }

  /** The first log line, past or future, of which the condition is true. */
  async waitForLog(condition: string | ((line: LogLine) => boolean), timeoutMs = 90_000): Promise<LogLine> {
    const fits = typeof condition === 'string' ? ({ msg }: LogLine) => msg === condition : condition
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>()
    const fail = (why: string) => reject(new Error(`log line ${condition}: ${why}\n${this.tail()}`))
    const look = () => {
      const found = this.logs.find(fits)
      if (found) resolve(found)
      else if (this.#isOver) fail(`the process ended with ${this.#child.exitCode ?? this.#child.signalCode}`)
    }
    const timer = setTimeout(() => fail(`not within ${timeoutMs} ms`), timeoutMs)
    this.#waiting.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(look)
    })
  }

  /** The last lines it wrote. */
  tail(): string {
    return [...this.logs.slice(-30).map((line) => JSON.stringify(line)), ...this.output.slice(-30)].join('\n')
  }

  /** GET on its probes' port. */
  async get(path: string): Promise<{ status: number; text: string }> {
    const { port } = await this.waitForLog('service starting')
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, text: await response.text() }
  }

  /** Its readiness. A part joins its group some moments after it has started, so a test waits for what it expects. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into every part of it
  async ready(): Promise<any> {
    return JSON.parse((await this.get('/ready')).text)
  }

  /** Its metrics, without the lane that each of them tells. */
  async metrics(): Promise<string> {
    return (await this.get('/metrics')).text.replace(/,?lane="[^"]*"/g, '').replaceAll('{}', '')
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Exit status, once it has ended; null when a signal ended it. */
  async exited(): Promise<number | null> {
    return this.#exit
  }

  /** SIGTERM, and its exit status. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return this.exited()
  }
}

/** Runs a verb to its end. */
export async function runVerb(
  env: Record<string, string>,
  ...verb: string[]
): Promise<{ status: number | null; output: string }> {
  const child = new ServiceProcess(env, verb)
  const status = await child.exited()
  return { status, output: child.output.join('\n') }
}
