import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { groupNames, schemasBySubject, topicNames, topicPlans } from '../../src/kafka/event-topics.ts'

const config = loadConfig(['kafka'], {
  KAFKA_BROKERS: 'kafka:9092',
  TOPIC_ENRICHMENT: 'wish',
  KAFKA_GROUP_PREFIX: 'me',
})

test('names that no setting gives follow from those that one does', () => {
  expect(topicNames(config)).toEqual({
    imported: 'album.imported',
    enrichment: 'wish',
    express: 'wish.express',
    enriched: 'album.enriched',
    dead: 'wish.dead',
  })
  expect(groupNames(config)).toEqual({ intake: 'me.intake', worker: 'me.worker' })
})

test('requests and dead letters wait for ever, and each topic of the lane has one partition', () => {
  const plans = new Map(topicPlans(config).map((plan) => [plan.topic, plan]))
  const forever = [...plans.values()].filter(({ keepsForever }) => keepsForever).map(({ topic }) => topic)
  expect(forever.toSorted()).toEqual(['wish', 'wish.dead', 'wish.express'])
  for (const topic of ['wish', 'wish.express'])
    expect(plans.get(topic)).toMatchObject({ partitions: 1, mustHaveOnePartition: true })
})

test('every topic of events has its schema, express the same as the topic it overtakes', () => {
  const schemas = schemasBySubject(config)
  const subjects = ['album.imported-value', 'wish-value', 'wish.express-value', 'album.enriched-value']
  expect([...schemas.keys()]).toEqual(subjects)
  expect(schemas.get('wish.express-value')).toBe(schemas.get('wish-value'))
})
