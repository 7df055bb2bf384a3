import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { createKafkaRoom, follow } from '../../stack/kafka-room.ts'

interface Broker {
  connectionPool: { pool: { send(): Promise<unknown> }[] }
}

interface Pool {
  brokers: Record<string, Broker>
  seedBroker: object | undefined
  removeBroker(address: object): void
}

interface Runner {
  running: boolean
  consumerGroup: { cluster: { brokerPool: Pool } }
  fetch(nodeId: string): Promise<unknown[]>
}

/** A second name, in a consumer's list of brokers, for the one that there is: it leads nothing. */
const OTHER = '99'

/** The fetches of KafkaJS's consumers, as they come. */
function watchFetches(onFetch: (nodeId: string, runner: Runner) => void): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as { prototype: Runner }
  const { fetch } = prototype
  prototype.fetch = function (nodeId) {
    onFetch(nodeId, this)
    return fetch.call(this, nodeId)
  }
  onTestFinished(() => {
    prototype.fetch = fetch
  })
}

test('a consumer that has struck the leader of its partition off its list finds it again', async () => {
  const room = await createKafkaRoom()
  let pool: Pool | undefined
  const fetches: string[] = []
  watchFetches((nodeId, { consumerGroup }) => {
    pool = consumerGroup.cluster.brokerPool
    fetches.push(nodeId)
  })
  const { values } = follow(room)
  await room.publish('before')
  await expect.poll(() => values).toEqual(['before'])
  const leader = fetches[0] ?? ''
  if (pool === undefined) throw new Error('no fetch')
  pool.brokers[OTHER] = pool.brokers[leader] as Broker
  await expect.poll(() => fetches).toContain(OTHER)
  delete pool.brokers[leader]
  fetches.length = 0
  // None of the former list's fetches is on its way any more, which could bring the record.
  await expect.poll(() => fetches.length).toBeGreaterThan(0)
  await room.publish('after')
  await expect.poll(() => values, { timeout: 20_000 }).toEqual(['before', 'after'])
})

test('a consumer whose only broker has left a request without an answer goes on when that one answers again', async () => {
  const room = await createKafkaRoom()
  let pool: Pool | undefined
  watchFetches((_nodeId, { consumerGroup }) => {
    pool = consumerGroup.cluster.brokerPool
  })
  const { values } = follow(room)
  await room.publish('before')
  await expect.poll(() => values).toEqual(['before'])
  if (pool === undefined) throw new Error('no fetch')
  const { brokers } = pool
  const struckOff = Promise.withResolvers<void>()
  const { removeBroker } = pool
  pool.removeBroker = function (address) {
    removeBroker.call(this, address)
    struckOff.resolve()
  }
  for (const { connectionPool } of Object.values(brokers))
    for (const connection of connectionPool.pool)
      connection.send = async () => {
        // The class's own again.
        Reflect.deleteProperty(connection, 'send')
        throw Object.assign(new Error('timed out'), { isSilent: true })
      }
  const former = pool
  await struckOff.promise
  // Who asks for metadata at this moment reads it without a look.
  expect(former.seedBroker).toBeDefined()
  await room.publish('after')
  await expect.poll(() => values).toContain('after')
})

test('a consumer that is stopped while its list of brokers changes ends', async () => {
  const room = await createKafkaRoom()
  const fetched = new Set<string>()
  let pool: Pool | undefined
  let afterStop = 0
  watchFetches((nodeId, { running, consumerGroup }) => {
    fetched.add(nodeId)
    pool = consumerGroup.cluster.brokerPool
    if (!running) afterStop += 1
    if (afterStop > 1_000) throw new Error('fetches without end')
  })
  const { consumer } = follow(room)
  await expect.poll(() => pool).toBeDefined()
  const { brokers } = pool as Pool
  const [leader = ''] = Object.keys(brokers)
  brokers[OTHER] = brokers[leader] as Broker
  await expect.poll(() => fetched).toContain(OTHER)
  // The fetchers of the former list end one by one, within half a second.
  delete brokers[OTHER]
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
    prototype: { getNodeIds(): string[] }
  }
  const { getNodeIds } = prototype
  const changed = Promise.withResolvers<void>()
  prototype.getNodeIds = function () {
    changed.resolve()
    return getNodeIds.call(this)
  }
  await changed.promise
  prototype.getNodeIds = getNodeIds
  await consumer.stop()
  expect(afterStop).toBeLessThan(10)
})
