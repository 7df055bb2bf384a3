import type { Chronicle } from './chronicle.ts'
import { now } from './clock.ts'
import { API, readTransaction } from './kafka-wire.ts'
import type { Member } from './member.ts'
import type { Piece } from './wire-proxy.ts'

/** A lost lane is noticed by its former owner with the next heartbeat. */
const NOTICED_WITHIN_MS = 2_000
/** Joining again may take a process so long after its Kafka has come back. */
const REJOINS_WITHIN_MS = 20_000
const JOIN_TAKES_MS = 3_000

/** Who has the lane, told from the wire: who last initialised the lane's transactional producer. */
export class LaneWatch {
  /** Times that the lane went from one process to another. */
  moves = 0
  /** Times that the lane was taken over, by whomever. */
  takeovers = 0
  owner: Member | undefined
  readonly #chronicle: Chronicle
  readonly #waiting = new Set<() => void>()
  /** When a worker last began to join its group. */
  readonly #joinedAt = new Map<string, number>()
  readonly #openTransactions = new Set<string>()

  constructor(members: Member[], chronicle: Chronicle) {
    this.#chronicle = chronicle
    for (const member of members)
      member.kafka.hooks.add((piece) => {
        this.#see(member, piece)
        return undefined
      })
  }

  /** Whether the process has published something and not committed it yet. */
  hasOpenTransaction(member: Member): boolean {
    return this.#openTransactions.has(member.name)
  }

  /** The lane's owner, once it is up. */
  async ownerUp(timeoutMs: number): Promise<Member | undefined> {
    const deadline = now() + timeoutMs
    while (now() < deadline) {
      if (this.owner?.isUp) return this.owner
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      const timer = setTimeout(resolve, 500)
      await promise
      clearTimeout(timer)
      this.#waiting.delete(resolve)
    }
    return undefined
  }

  #see(member: Member, { apiKey, direction, bytes }: Piece): void {
    if (direction === 'answer' && apiKey === API.endTxn) this.#openTransactions.delete(member.name)
    if (direction === 'request' && apiKey === API.produce) this.#openTransactions.add(member.name)
    if (member.role !== 'worker' || direction !== 'request') return
    if (apiKey === API.joinGroup) this.#joinedAt.set(member.name, now())
    if (apiKey === API.initProducerId && readTransaction(bytes).transactionalId.includes('.lane'))
      this.#takeOver(member)
  }

  #takeOver(member: Member): void {
    const former = this.owner
    const at = now()
    this.owner = member
    this.takeovers += 1
    if (former !== undefined && former !== member) {
      this.moves += 1
      const joinedAt = this.#joinedAt.get(former.name) ?? 0
      const from = at - joinedAt < JOIN_TAKES_MS ? joinedAt : at
      this.#chronicle.disturb('lane lost', former.name, from, at + NOTICED_WITHIN_MS)
    } else this.#loseWithKafka(member, at)
    this.#chronicle.note(former === member ? 'has the lane again' : 'has the lane', member.name)
    for (const resolve of this.#waiting) resolve()
  }

  /** Cut off from Kafka a process loses its membership and drops its work at a moment that only it knows. */
  #loseWithKafka({ name }: Member, at: number): void {
    const away = this.#chronicle.disturbances.filter(
      (it) =>
        it.kind === 'kafka away' &&
        (it.process === undefined || it.process === name) &&
        it.from <= at &&
        at <= it.until + REJOINS_WITHIN_MS,
    )
    for (const it of away) this.#chronicle.disturb('lane lost', name, it.from, at)
  }
}
