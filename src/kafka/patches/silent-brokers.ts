import { createRequire } from 'node:module'
import type { Silence } from './calm-request-queue.ts'

interface ConnectionPool {
  host: string
  port: number
  send(request: object): Promise<unknown>
  getConnection(index?: number): Promise<unknown>
  destroy(): Promise<unknown>
}

interface BrokerPool {
  seedBroker: { versions: object | null } | undefined
  findBroker(search: { nodeId: string }): Promise<{ connectionPool: ConnectionPool }>
  removeBroker(address: { host: string; port: number }): void
}

interface ConsumerGroup {
  recoverFromFetch(error: unknown): Promise<void>
  heartbeat(every: { interval: number }): Promise<void>
}

/** By host:port when a broker last left a request, or a connection, without an answer; on the clock of performance.now(). */
const silentAt = new Map<string, number>()
const LEFT_ALONE_MS = 30_000

/** Without those, by host:port, that have left somebody here without an answer in the last half minute; all, if all have. */
export function withoutSilent(brokers: string[]): string[] {
  const answering = brokers.filter(
    (broker) => performance.now() - (silentAt.get(broker) ?? Number.NEGATIVE_INFINITY) > LEFT_ALONE_MS,
  )
  return answering.length > 0 ? answering : brokers
}

/**
 * Lets KafkaJS 2.2.4 go round a broker that takes connections and answers nothing, such as one that hangs or whose host has
 * vanished. KafkaJS keeps it on its list and asks it again: it fetches from it, tells it that it lives and asks it who
 * coordinates what, six times and more, each for as long as a request may take, though the cluster has given its
 * partitions to others long ago. Here it is struck off the list by the first request that it leaves without an answer, and
 * comes back with the next metadata that names it. `withoutSilent` is for the list that clients start from: each new one
 * would find out by itself.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function strikeOffSilentBrokers(): void {
  const require = createRequire(import.meta.url)
  const { prototype: connections } = require('kafkajs/src/network/connectionPool') as { prototype: ConnectionPool }
  const { prototype: pool } = require('kafkajs/src/cluster/brokerPool') as { prototype: BrokerPool }
  const { prototype: group } = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }
  const { send, getConnection } = connections
  const { findBroker } = pool
  const { recoverFromFetch, heartbeat } = group
  if (
    [send, getConnection, connections.destroy, findBroker, recoverFromFetch, heartbeat].some(
      (method) => typeof method !== 'function',
    )
  )
    throw new Error('kafkajs finds brokers in another way: see whether silent-brokers.ts is still needed')

  /** By the connections to a broker the list that it stands on. */
  const pools = new WeakMap<ConnectionPool, BrokerPool>()
  pool.findBroker = async function (search) {
    const broker = await findBroker.call(this, search)
    pools.set(broker.connectionPool, this)
    return broker
  }
  connections.send = async function (request) {
    try {
      return await send.call(this, request)
    } catch (error) {
      if (isSilence(error)) {
        silentAt.set(addressOf(this), performance.now())
        const pool = pools.get(this)
        if (pool !== undefined) strikeOff(pool, this)
        // What is off the list nobody else closes; it waits for what is still asked there.
        void this.destroy()
      }
      throw error
    }
  }
  connections.getConnection = async function (index) {
    try {
      return await getConnection.call(this, index)
    } catch (error) {
      if ((error as Error).message === 'Connection timeout') silentAt.set(addressOf(this), performance.now())
      throw error
    }
  }

  group.recoverFromFetch = async function (error) {
    if (!isSilence(error)) await recoverFromFetch.call(this, error)
  }
  group.heartbeat = async function (every) {
    try {
      await heartbeat.call(this, every)
    } catch (error) {
      // With this it joins again, and for that asks who the coordinator is.
      throw isSilence(error) ? Object.assign(error, { type: 'NOT_COORDINATOR_FOR_GROUP' }) : error
    }
  }
}

function strikeOff(pool: BrokerPool, connections: ConnectionPool): void {
  const { seedBroker } = pool
  pool.removeBroker(connections)
  if (pool.seedBroker !== undefined || seedBroker === undefined) return
  // It was the last one, and who is asking for metadata at this moment reads the seed without a look. It has to be greeted
  // anew, which it will not answer, and then KafkaJS takes the next one of those that it was told of.
  seedBroker.versions = null
  pool.seedBroker = seedBroker
}

function addressOf({ host, port }: ConnectionPool): string {
  return `${host}:${port}`
}

function isSilence(error: unknown): error is Silence {
  return (error as Partial<Silence>).isSilent === true
}
