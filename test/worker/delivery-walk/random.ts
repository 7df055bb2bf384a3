/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** From 0 to below the limit. */
  int(limit: number): number {
    return this.next() % limit
  }

  chance(probability: number): boolean {
    return this.next() < probability * 4_294_967_296
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T
  }
}
