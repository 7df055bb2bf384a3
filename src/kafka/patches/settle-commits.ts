import { createRequire } from 'node:module'
import { orAborted } from '../../or-aborted.ts'
import { isCoordinatorMoving, whileCoordinatorMoves } from '../while-coordinator-moves.ts'

interface EndTransaction {
  transactionalId: string
  transactionResult: boolean
}

interface Broker {
  endTxn(request: EndTransaction): Promise<unknown>
}

interface Search {
  groupId: string
  coordinatorType: number
}

interface Cluster {
  findGroupCoordinator(search: Search): Promise<Broker>
}

/** Of a FindCoordinator request. */
const TRANSACTION = 1
/** Who asks longer keeps the lane from being acquired anew, and KafkaJS may never hear what it asks a broker that dies. */
const SETTLED_WITHIN_MS = 5_000

/**
 * Lets KafkaJS 2.2.4 ask for a commit until it is answered, as Kafka's own client does; KafkaJS gives up when the
 * coordinator has moved meanwhile. A commit left in doubt can come out as half of each (seen with Kafka 4.4.0 while
 * `__transaction_state` changed leaders several times a second: offsets without their records): one coordinator has begun
 * to write its markers, the next one knows nothing of it, and there the successor's abort ends the rest. Asked again, that
 * one commits, too. Aborts need it not: a successor aborts anyway.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function settleCommits(): void {
  const require = createRequire(import.meta.url)
  const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Broker }
  const { prototype: cluster } = require('kafkajs/src/cluster') as { prototype: Cluster }
  const { endTxn } = broker
  const find = cluster.findGroupCoordinator
  if (typeof endTxn !== 'function' || typeof find !== 'function')
    throw new Error('kafkajs has no Broker.endTxn: see whether settle-commits.ts is still needed')
  /** A broker object is one cluster object's alone. */
  const clusters = new WeakMap<Broker, Cluster>()
  cluster.findGroupCoordinator = async function (search) {
    const found = await find.call(this, search)
    if (search.coordinatorType === TRANSACTION) clusters.set(found, this)
    return found
  }
  broker.endTxn = async function (request) {
    try {
      return await endTxn.call(this, request)
    } catch (refusal) {
      const from = clusters.get(this)
      if (!request.transactionResult || from === undefined || !isCoordinatorMoving(refusal)) throw refusal
      const late = AbortSignal.timeout(SETTLED_WITHIN_MS)
      const askAgain = async () => {
        const search = { groupId: request.transactionalId, coordinatorType: TRANSACTION }
        const coordinator = await from.findGroupCoordinator(search)
        late.throwIfAborted()
        return endTxn.call(coordinator, request)
      }
      try {
        return await orAborted(whileCoordinatorMoves(askAgain), late)
      } catch (error) {
        throw error === late.reason ? refusal : error
      }
    }
  }
}
