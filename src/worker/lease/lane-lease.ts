import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import type { OutgoingRecord } from '../../kafka/delivery.ts'
import { orAborted } from '../../or-aborted.ts'
import { withFirstAbort } from '../../with-first-abort.ts'
import { stampOffsets } from './lane-commit.ts'
import {
  type LeaseEvent,
  type LeaseProducer,
  type Phase,
  type PhaseKind,
  type Standing,
  standingOf,
  type Taken,
  toAcquiring,
  tokenOfWork,
} from './lease-phase.ts'
import type { FoundRow, LeasePorts } from './lease-ports.ts'
import { keepsWork, planStart } from './plan-start.ts'

/** What the lease goes by; given from outside so that random walks can show that weaker rules would not do. */
const RULES = { planStart, keepsWork, stampOffsets }

/**
 * Who owns the lane: the one place that knows, and that everything else asks.
 *
 * - standby: a member of the group without the lane; no work is in hand
 * - acquiring: fences the predecessor in Kafka and in PostgreSQL, and compares what the two say. The work of a former
 *   ownership waits, until it is known whether another process had the lane meanwhile
 * - blocked: they disagree; it waits for a person
 * - owner: stores and commits
 * - suspended: the group is joining again, or something was refused: work goes on, but what it wants to store or to pay
 *   for waits until the lane is acquired anew; only an answer that is paid for already is stored, as under `tokenOfWork`
 *
 * An acquisition that fails stays `acquiring`: the member joins again, and is then given the lane once more, or not.
 */
export class LaneLease {
  /** By phase what may happen, and where it leads; anything else is a fault of this service. */
  static readonly TRANSITIONS: Readonly<Record<PhaseKind, Partial<Record<LeaseEvent, PhaseKind>>>> = {
    standby: { acquire: 'acquiring', suspend: 'standby', release: 'standby' },
    acquiring: { acquire: 'acquiring', disagree: 'blocked', agree: 'owner', suspend: 'acquiring', release: 'standby' },
    blocked: { acquire: 'acquiring', accept: 'acquiring', suspend: 'blocked', release: 'standby' },
    owner: { commit: 'owner', committed: 'owner', suspend: 'suspended', release: 'standby' },
    // A commit may land while the group is joining again.
    suspended: { acquire: 'acquiring', committed: 'suspended', suspend: 'suspended', release: 'standby' },
  }

  /** Where an event leads. @throws EnrichmentError INTERNAL where it may not happen */
  static next(phase: PhaseKind, event: LeaseEvent): PhaseKind {
    const next = LaneLease.TRANSITIONS[phase][event]
    if (next === undefined) throw new EnrichmentError('INTERNAL', `the lane's lease: ${event} in phase ${phase}`)
    return next
  }

  readonly #ports: LeasePorts
  readonly #rules: typeof RULES
  #phase: Phase = { kind: 'standby' }
  #changed = Promise.withResolvers<void>()
  /** Aborted when the work in hand may not go on. */
  #work = new AbortController()

  constructor(ports: LeasePorts, rules = RULES) {
    this.#ports = ports
    this.#rules = rules
  }

  get phase(): PhaseKind {
    return this.#phase.kind
  }

  get isOwner(): boolean {
    return this.#phase.kind === 'owner'
  }

  /** Whether a commit may begin: not once the membership has ended, though nobody may have joined again yet. */
  get canCommit(): boolean {
    return this.#phase.kind === 'owner' && !this.#phase.session.aborted
  }

  /** Whether nobody else can have the lane: the group's word alone comes with every join, before the lane is acquired. */
  get isConfirmed(): boolean {
    return this.isOwner && this.#ports.isConfirmed
  }

  /** Where the lane stands, by topic; null for whoever does not have it. */
  get committed(): ReadonlyMap<string, bigint> | null {
    return standingOf(this.#phase)?.committed ?? null
  }

  /** Under which the row may be written; null before it was taken. */
  get token(): number | null {
    const phase = this.#phase
    if (phase.kind === 'acquiring') return phase.taken?.token ?? null
    return phase.kind === 'blocked' ? phase.token : (standingOf(phase)?.token ?? null)
  }

  /** Under which the work in hand may still be stored; null without any. */
  get tokenOfWork(): number | null {
    return tokenOfWork(this.#phase)
  }

  /** The token of one that has had the lane until now, for the group to give it back to; 0 for any other. */
  get tokenToKeep(): number {
    return standingOf(this.#phase)?.token ?? 0
  }

  /** Whose state of the lane counts. */
  get part(): 'none' | 'taking over' | 'active' {
    const phase = this.#phase
    if (phase.kind === 'standby') return 'none'
    return phase.kind === 'acquiring' && !phase.isKept ? 'taking over' : 'active'
  }

  /** Aborted when the work that is begun now may not go on. */
  get work(): AbortSignal {
    return this.#work.signal
  }

  /** Resolves once it is the owner. @throws the signal's reason */
  async owned(signal: AbortSignal): Promise<void> {
    while (!this.isOwner) await orAborted(this.#changed.promise, signal)
  }

  /** Resolves once `isConfirmed`. @throws the signal's reason */
  async confirmed(signal: AbortSignal): Promise<void> {
    while (!this.isConfirmed) {
      await this.owned(signal)
      await this.#ports.confirmed(signal)
    }
  }

  /**
   * Runs something that may have to wait for the database, but only as the owner: when that comes into doubt it is told
   * to stop waiting, and run again once the lane is acquired anew. Whoever waited for the database and for the lane at
   * once could keep the acquisition from its turn for ever.
   *
   * @throws what it throws; the signal's reason
   */
  async whileOwner<T>(run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      await this.owned(signal)
      if (this.#phase.kind !== 'owner') continue
      const doubt = this.#phase.doubt.signal
      try {
        return await withFirstAbort([signal, doubt], run)
      } catch (error) {
        signal.throwIfAborted()
        // Also a store whose guard comes behind our own next take is refused as lost; lost in truth the signal is aborted.
        const isOfDoubt = error === doubt.reason || toEnrichmentError(error).code === 'LANE_LOST'
        if (!doubt.aborted || !isOfDoubt) throw error
      }
    }
  }

  /**
   * The group has given this member the lane: takes it from whoever had it.
   *
   * @param session aborted when the membership ends
   * @throws EnrichmentError KAFKA_UNAVAILABLE, LANE_LOST, INTERNAL out of turn; the signal's reason
   */
  async acquire(session: AbortSignal): Promise<void> {
    const before = this.#phase
    this.#to('acquire', toAcquiring(before))
    await standingOf(before)?.producer.close()
    for (;;) {
      const producer = await this.#ports.openProducer(session)
      try {
        session.throwIfAborted()
        if (await this.#start(producer, session)) return
      } catch (error) {
        await producer.close()
        throw error
      }
      await producer.close()
    }
  }

  /** The group joins again, or what the owner wants is refused: nothing is stored or paid for until it is known why. */
  suspend(): void {
    const phase = this.#phase
    this.#to('suspend', phase.kind === 'owner' ? { kind: 'suspended', standing: phase.standing } : phase)
  }

  /** Another member has the lane, or this one stops: no work goes on. The next owner fences the producer anyway. */
  async release(): Promise<void> {
    const before = this.#phase
    this.#to('release', { kind: 'standby' })
    this.#dropWork()
    await standingOf(before)?.producer.close()
  }

  /**
   * Publishes records and says how far the lane has come, in one transaction.
   *
   * @param done where the next record of each finished one stands
   * @throws EnrichmentError INTERNAL for whoever is not the owner; KAFKA_UNAVAILABLE, LANE_LOST: the lane is to be
   *   acquired anew; the session's reason
   */
  async commit(records: OutgoingRecord[], done: { topic: string; nextOffset: bigint }[]): Promise<void> {
    const phase = this.#phase
    this.#to('commit', phase)
    if (phase.kind !== 'owner') return
    const { standing, session } = phase
    await withFirstAbort([session, phase.doubt.signal], (first) => this.#transact(standing, records, done, first))
    this.#to('committed', this.#phase)
    try {
      await this.#ports.storeProgress(standing)
    } catch (error) {
      // One commit behind is what a start expects of PostgreSQL; the next commit waits until it is back.
      const { code } = toEnrichmentError(error)
      if (!code.startsWith('DATABASE_')) throw error
    }
  }

  /** @returns false when a person had to accept something, and the start must be made anew */
  async #start(producer: LeaseProducer, session: AbortSignal): Promise<boolean> {
    const { former, token, lane } = await this.#takeRow(session)
    // Read after the producer was opened: until then a predecessor's commit may still arrive.
    const kafka = await this.#ports.readOffsets()
    const accepted = new Set(lane.accepted) as Parameters<typeof planStart>[2]
    const start = this.#rules.planStart(kafka, lane, accepted)
    if (start.kind === 'hold') {
      // A process that stood still between the two readings would take its successor's commit for a disagreement.
      await this.#ports.demandHeld(token, session)
      this.#dropWork()
      this.#to('disagree', { kind: 'blocked', token, causes: start.causes })
      await this.#ports.waitForAcceptance(start.causes, lane, session)
      this.#to('accept', { kind: 'acquiring', taken: null, work: null, isKept: true })
      return false
    }
    await this.#ports.markReplays(start, token, session)
    const phase = this.#phase
    const work = phase.kind === 'acquiring' ? phase.work : null
    if (!this.#rules.keepsWork(start, former, work ?? 0)) this.#dropWork()
    const committed = new Map(start.topics.map(({ topic, from }) => [topic, from]))
    const { clusterId } = kafka
    const standing = { token, producer, clusterId, commits: start.flush, counted: lane.flush, committed }
    if (start.mustCommit) await this.#transact(standing, [], [], session)
    await this.#ports.storeStart(standing, session)
    // A join since then may have brought another owner in between.
    session.throwIfAborted()
    this.#to('agree', { kind: 'owner', standing, session, doubt: new AbortController() })
    return true
  }

  /** Where the row bears the token of an earlier try of ours, failed or without an answer, no other owner came in between. */
  async #takeRow(session: AbortSignal): Promise<Taken & { lane: FoundRow }> {
    const resolve = (former: number) => {
      const taken = this.#phase.kind === 'acquiring' ? this.#phase.taken : null
      return taken !== null && former === taken.token ? taken.former : former
    }
    const { token, former, lane } = await this.#ports.takeRow((drawn, found) => {
      // Before the commit, whose answer may be lost.
      if (this.#phase.kind === 'acquiring') this.#phase.taken = { token: drawn, former: resolve(found) }
    }, session)
    const taken = this.#phase.kind === 'acquiring' ? this.#phase.taken : null
    return { token, lane, former: taken?.token === token ? taken.former : former }
  }

  async #transact(
    standing: Standing,
    records: OutgoingRecord[],
    done: { topic: string; nextOffset: bigint }[],
    signal: AbortSignal,
  ): Promise<void> {
    const commit = standing.commits + 1
    // A former owner must not count either: its number would hide what its successor committed.
    await this.#ports.confirmed(signal)
    signal.throwIfAborted()
    await this.#ports.countCommit(standing, commit, signal)
    standing.commits = commit
    standing.counted = commit
    const offsets = this.#rules.stampOffsets(standing.committed, done, { flush: commit, fence: standing.token })
    await this.#ports.confirmed(signal)
    signal.throwIfAborted()
    await standing.producer.commit(records, offsets)
    standing.committed = new Map(offsets.map(({ topic, offset }) => [topic, offset]))
  }

  #dropWork(): void {
    if (this.#phase.kind === 'acquiring') this.#phase.work = null
    this.#work.abort()
    this.#work = new AbortController()
    this.#ports.onWorkDropped()
  }

  #to(event: LeaseEvent, next: Phase): void {
    const former = this.#phase
    if (LaneLease.next(former.kind, event) !== next.kind)
      throw new EnrichmentError(
        'INTERNAL',
        `the lane's lease: ${former.kind} does not lead to ${next.kind} by ${event}`,
      )
    this.#phase = next
    if (former.kind === 'owner' && next.kind !== 'owner') former.doubt.abort()
    this.#ports.onTransition(former.kind, event, next.kind)
    if (former === next) return
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
