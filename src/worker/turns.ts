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

/** Amazon for one album: its first request waits for the album's turn and passes it on once it has been made. */
export function inTurn(amazon: AmazonApi, turn: Turn): AmazonApi {
  const asked = async <T>(request: () => Promise<T>): Promise<T> => {
    await turn.come
    // Called, not awaited: from here on the pace keeps the order.
    const answer = request()
    turn.pass()
    return answer
  }
  return {
    getItems: (asins, signal) => asked(() => amazon.getItems(asins, signal)),
    searchItems: (query, signal) => asked(() => amazon.searchItems(query, signal)),
  }
}
