import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import type { Logger } from '../../src/log.ts'
import { keepOutboxSent } from '../../src/relay/outbox.ts'
import { aRequest, at, enrichment, finish, open, openLedger } from '../stack/a-ledger.ts'
import { createCutKafka, createKafkaRoom } from '../stack/kafka-room.ts'
import { createTestEnv } from '../stack/test-env.ts'

test('a tombstone that Kafka does not take at once does not come behind the result of a new import', async () => {
  const { db, ledger } = await openLedger()
  const { kafka, log, topic } = await createKafkaRoom()
  const cut = createCutKafka()
  await finish(ledger, await open(ledger, aRequest(), at(1n)), enrichment())
  const [known] = await forgetAlbums(db, [{ albumId: '1' }], { tombstonesIn: topic })

  const stop = new AbortController()
  const warned = Promise.withResolvers<unknown>()
  const listening = Object.create(log, { warn: { value: warned.resolve } }) as Logger
  const sending = keepOutboxSent({ db, kafka: cut.kafka, topic, log: listening }, stop.signal)
  onTestFinished(() => stop.abort())
  const [first] = await cut.begun
  const requestedAt = Math.floor(known?.forgottenAt ?? Number.NaN) + 1
  await finish(ledger, await open(ledger, { ...aRequest(), requestedAt }, at(2n)), enrichment())
  // Sooner than PostgreSQL ends a transaction that stands still.
  const late = { code: 'KAFKA_UNAVAILABLE', reason: expect.stringContaining('within 2 s') }
  expect(await warned.promise).toMatchObject(late)
  await Promise.allSettled([first])
  cut.mend()
  await expect.poll(() => db.query((em) => em.execute('select 1 from outbox'))).toEqual([])
  stop.abort()
  await sending
  expect(await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))).toMatchObject([{ high: '0' }])
})

test('an album is forgotten on the connection by which the outbox was sent, too', async () => {
  const { DATABASE_URL } = await createTestEnv()
  // A set-up keeps others out with a connection of its own.
  const setUp = new Database(DATABASE_URL)
  await setUp.migrate()
  await setUp.close()
  const db = new Database(DATABASE_URL, { poolMax: 1 })
  onTestFinished(() => db.close())
  const { kafka, log, topic } = await createKafkaRoom()
  const stop = new AbortController()
  await forgetAlbums(db, [{ albumId: '1' }], { tombstonesIn: topic })
  const sending = keepOutboxSent({ db, kafka, topic, log }, stop.signal)
  await expect.poll(() => db.query((em) => em.execute('select 1 from outbox'))).toEqual([])
  stop.abort()
  await sending
  expect(await forgetAlbums(db, [{ albumId: '1' }])).toMatchObject([{ albumId: '1' }])
})
