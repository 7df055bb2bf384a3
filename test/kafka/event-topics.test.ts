import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { groupNames, schemasBySubject, topicNames, topicPlans } from '../../src/kafka/event-topics.ts'

const config = loadConfig(['kafka'], {
  KAFKA_BROKERS: 'kafka:9092',
  TOPIC_ENRICHMENT: 'wish',
  KAFKA_GROUP_PREFIX: 'me',
  RETRY_DELAYS: '5s, 1h',
})

test('names that no setting gives follow from those that one does', () => {
  expect(topicNames(config)).toEqual({
    imported: 'album.imported',
    enrichment: 'wish',
    express: 'wish.express',
    enriched: 'album.enriched',
    retry: { '5s': 'wish.retry.5s', '1h': 'wish.retry.1h' },
    dead: 'wish.dead',
  })
  expect(groupNames(config)).toEqual({ intake: 'me.intake', worker: 'me.worker', relay: 'me.relay' })
})

test('requests and dead letters wait for ever, and each topic of the lane has one partition', () => {
  const plans = new Map(topicPlans(config).map((plan) => [plan.topic, plan]))
  const forever = [...plans.values()].filter(({ keepsForever }) => keepsForever).map(({ topic }) => topic)
  expect(forever.toSorted()).toEqual(['wish', 'wish.dead', 'wish.express', 'wish.retry.1h', 'wish.retry.5s'])
  for (const topic of ['wish', 'wish.express', 'wish.retry.1h'])
    expect(plans.get(topic)).toMatchObject({ partitions: 1, mustHaveOnePartition: true })
})

test('every topic of events has its schema, express and the retries the same as the topic of requests', () => {
  const schemas = schemasBySubject(config)
  const requests = ['wish-value', 'wish.express-value', 'wish.retry.5s-value', 'wish.retry.1h-value']
  expect([...schemas.keys()]).toEqual(['album.imported-value', ...requests, 'album.enriched-value'])
  for (const subject of requests) expect(schemas.get(subject)).toBe(schemas.get('wish-value'))
})
