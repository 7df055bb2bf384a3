import type { AmazonApi } from '../amazon/amazon-api.ts'

/**
 * Lets the albums' first Amazon requests begin in the order in which the albums were started, however long each takes to
 * get there; all that follows overlaps.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** The next turn; it must be passed on, whatever becomes of the album. */
  next(): Turn {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = before.then(() => promise)
    return { come: before, pass: resolve }
  }
}

export interface Turn {
  /** Resolves when everybody before has passed. */
  come: Promise<void>
  pass(): void
}

/**
 * Amazon for one album: its first request waits for the album's turn, and passes it on when the pace lets the request go.
 *
 * @param stopping once aborted, an album whose turn has not come is not begun: its request's answer throws the reason
 */
export function inTurn(amazon: AmazonApi, turn: Turn, stopping: AbortSignal): AmazonApi {
  let isBegun = false
  const begin = async () => {
    await turn.come
    if (!isBegun) stopping.throwIfAborted()
    isBegun = true
  }
  return {
    async getItems(asins, signal) {
      await begin()
      return amazon.getItems(asins, signal, turn.pass)
    },
    async searchItems(query, signal) {
      await begin()
      return amazon.searchItems(query, signal, turn.pass)
    },
  }
}
