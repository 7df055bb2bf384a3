/** A bar with an estimate on a terminal, a plain line now and then otherwise; on standard error, so that pipes stay clean. */
export class Progress {
  readonly #total: number
  readonly #what: string
  readonly #startedAt = Date.now()
  #saidAt = 0

  constructor(what: string, total: number) {
    this.#what = what
    this.#total = total
  }

  show(done: number): void {
    const isEnd = done >= this.#total
    const seconds = (Date.now() - this.#startedAt) / 1_000
    const left = done === 0 ? '?' : Math.ceil((seconds / done) * (this.#total - done))
    const text = `${this.#what} ${done}/${this.#total}, ${isEnd ? `${seconds.toFixed(1)} s` : `${left} s left`}`
    if (process.stderr.isTTY) {
      const filled = Math.round((30 * done) / this.#total)
      process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${text}\x1b[K${isEnd ? '\n' : ''}`)
    } else if (isEnd || Date.now() - this.#saidAt > 5_000) {
      this.#saidAt = Date.now()
      process.stderr.write(`${text}\n`)
    }
  }
}
