import type { LeaseStore } from '../../db/lease-store.ts'
import type { Query } from '../../db/prepared.ts'
import { EnrichmentError } from '../../errors.ts'

/** Whether the lane is ours, as the lease says. */
export interface Ownership {
  readonly isOwner: boolean
  /** null for whoever has never taken the lane. */
  readonly token: number | null
  /** The one that the work in hand may be stored under, also while the lane is in doubt; null when it is void for certain. */
  readonly tokenOfWork: number | null
  /** Resolves once it is ours. @throws the signal's reason */
  owned(signal: AbortSignal): Promise<void>
}

/** What the lane's owner stores of its work: each transaction lands only while the lane is ours. */
export class OwnedStores {
  readonly ownership: Ownership
  readonly #store: LeaseStore

  constructor(store: LeaseStore, ownership: Ownership) {
    this.#store = store
    this.ownership = ownership
  }

  /** The lane's name. */
  get lane(): string {
    return this.#store.name
  }

  /** Waits for the lane. @throws EnrichmentError LANE_LOST, DATABASE_UNAVAILABLE; the signal's reason */
  async saveOnceOwned<T>(signal: AbortSignal, work: (query: Query) => Promise<T>): Promise<T> {
    await this.ownership.owned(signal)
    signal.throwIfAborted()
    return this.#store.save(this.#token, work)
  }

  /** Does not wait: to be called only by the owner. @throws EnrichmentError LANE_LOST, DATABASE_UNAVAILABLE */
  async save<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#store.save(this.#token, work)
  }

  /** Whether it is not known that the lane is ours, nor that the work in hand is void. */
  get isInDoubt(): boolean {
    return !this.ownership.isOwner && this.ownership.tokenOfWork !== null
  }

  /** The same under the token that the work in hand has; nothing unless in doubt. @throws EnrichmentError as save */
  async saveInDoubt(work: (query: Query) => Promise<unknown>): Promise<void> {
    const { tokenOfWork } = this.ownership
    if (this.isInDoubt && tokenOfWork !== null) await this.#store.save(tokenOfWork, work)
  }

  get #token(): number {
    const { token } = this.ownership
    if (token === null) throw new EnrichmentError('LANE_LOST', 'this process has not taken the lane')
    return token
  }
}
