import type { StoredLane } from '../../db/lane.ts'
import type { LeaseStore } from '../../db/lease-store.ts'
import type { EnrichmentError } from '../../errors.ts'
import type { LaneState } from '../../holds/lane-state.ts'
import type { Kafka } from '../../kafka/kafka-client.ts'
import type { OpenTransactions } from '../../kafka/open-transactions.ts'
import { readLaneOffsets } from '../../kafka/read-lane-offsets.ts'
import { TransactionalProducer } from '../../kafka/transactional-producer.ts'
import type { Logger } from '../../log.ts'
import type { Dependencies } from '../dependencies.ts'
import type { LanePosition } from '../lane-position.ts'
import { explainHold } from './explain-hold.ts'
import type { LeaseProducer } from './lease-phase.ts'
import type { LeasePorts } from './lease-ports.ts'

/** What the group has to say of this member. */
export interface Membership {
  readonly isConfirmed: boolean
  /** Resolves once it is. @throws the signal's reason */
  confirmed(signal: AbortSignal): Promise<void>
  /** Tells that the member is not hung. */
  progress(): void
}

export interface LeasePortsOptions {
  kafka: Kafka
  groupId: string
  topics: string[]
  /** The topics to which its commits publish. */
  outputs: string[]
  transactions: OpenTransactions
  store: LeaseStore
  member: Membership
  state: Pick<LaneState, 'hold' | 'look' | 'partChanged'>
  dependencies: Pick<Dependencies, 'database'>
  /** Told at each taking of the row as it was found, before anything can be stored over it. */
  onTaken(lane: StoredLane): void
  markReplays(position: LanePosition, token: number): Promise<void>
  onWorkDropped(): void
  /** Told that the lane has to be taken over again, though nothing was committed. */
  onBroken(error: EnrichmentError): void
  log: Logger
}

/** Kafka, PostgreSQL and the lane's state, as the lease needs them. */
export function createLeasePorts(options: LeasePortsOptions): LeasePorts {
  const { kafka, groupId, topics, outputs, transactions, store, member, state, dependencies, log } = options
  const { database } = dependencies
  return {
    async openProducer(signal) {
      const onBroken = (error: EnrichmentError) => {
        if (!signal.aborted) options.onBroken(error)
      }
      const part = { groupId, topics: outputs, confirmed: () => member.confirmed(signal) }
      const producer = new TransactionalProducer(kafka, `${groupId}.lane`, part, { transactions, onBroken })
      await producer.init()
      return toLeaseProducer(producer)
    },
    async takeRow(onDrawn, signal) {
      const taken = await database(() => store.take(onDrawn), signal)
      options.onTaken(taken.lane)
      return taken
    },
    readOffsets: () => readLaneOffsets(kafka, groupId, topics),
    demandHeld: (token, signal) => database(() => store.save(token, async () => undefined), signal),
    async markReplays(position, token, signal) {
      await database(() => options.markReplays(position, token), signal)
      for (const { topic, from, isMoved } of position.topics)
        if (isMoved) log.warn({ topic, offset: String(from) }, 'offset was moved by somebody')
    },
    async waitForAcceptance(causes, lane, signal) {
      const kinds = causes.map(({ kind }) => kind)
      for (const cause of causes) state.hold(`start.${cause.kind}`, explainHold(cause, lane))
      try {
        for (;;) {
          member.progress()
          const { accepted } = await state.look(signal)
          if (kinds.every((kind) => accepted.includes(kind))) break
        }
        // Twice initialised without a heartbeat between, two members would fence each other in turns.
        await member.confirmed(signal)
      } finally {
        for (const kind of kinds) state.hold(`start.${kind}`, null)
      }
    },

    get isConfirmed() {
      return member.isConfirmed
    },
    confirmed: (signal) => member.confirmed(signal),
    countCommit: (standing, commit, signal) => database(() => store.countCommit(standing, commit), signal),
    storeStart: (standing, signal) => database(() => store.storeOffsets(standing, true), signal),
    storeProgress: (standing) => store.storeOffsets(standing, false),

    onWorkDropped: () => options.onWorkDropped(),
    onTransition: (from, event, to) => {
      if (from === to) return
      log.debug({ from, event, to }, 'lease of the lane')
      state.partChanged()
    },
  }
}

function toLeaseProducer(producer: TransactionalProducer): LeaseProducer {
  return {
    commit(records, offsets) {
      return producer.commit(
        records,
        offsets.map((stamped) => ({ ...stamped, partition: 0 })),
      )
    },
    close: () => producer.close(),
  }
}
