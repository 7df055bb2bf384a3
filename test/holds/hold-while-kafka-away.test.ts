import { expect, onTestFinished, test, vi } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { holdWhileKafkaAway } from '../../src/holds/hold-while-kafka-away.ts'
import { OpenTransactions } from '../../src/kafka/open-transactions.ts'

// The global ones can be the test's own, these cannot.
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => wait(ms) }))
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A watched member, and by how it is held. Time is the test's own. */
function watch() {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
  const stop = new AbortController()
  onTestFinished(() => {
    stop.abort()
    vi.useRealTimers()
  })
  const member: { isJoined: boolean; failure: EnrichmentError | null } = { isJoined: true, failure: null }
  const transactions = new OpenTransactions()
  const holds: (string | null)[] = []
  const state = { hold: (_: string, hold: { message: string } | null) => void holds.push(hold?.message ?? null) }
  void holdWhileKafkaAway({ member, transactions, state, cause: 'KAFKA_UNAVAILABLE' }, stop.signal)
  return { member, transactions, holds }
}

test('a transaction that does not end is told after ten seconds, though the member is in its group', async () => {
  const { transactions, holds } = watch()
  const quick = transactions.during(wait(2_000))
  await vi.advanceTimersByTimeAsync(9_000)
  await quick
  const stuck = Promise.withResolvers<void>()
  const commit = transactions.during(stuck.promise)
  await vi.advanceTimersByTimeAsync(8_000)
  expect(holds).toEqual([])
  // The clock of the machine is put back.
  vi.setSystemTime(Date.now() - 3_600_000)
  await vi.advanceTimersByTimeAsync(4_000)
  expect(holds).toEqual(['Kafka has not ended a transaction of this process for 10 s'])
  stuck.resolve()
  await commit
  await vi.advanceTimersByTimeAsync(2_000)
  expect(holds).toEqual(['Kafka has not ended a transaction of this process for 10 s', null])
  expect(transactions.since).toBeNull()
})

test('a transaction that fails is over, too', async () => {
  const transactions = new OpenTransactions()
  await expect(transactions.during(Promise.reject(new Error('fenced')))).rejects.toThrow('fenced')
  expect(transactions.since).toBeNull()
})

test('a member that is out of its group is told after ten seconds, with what failed', async () => {
  const { member, holds } = watch()
  await vi.advanceTimersByTimeAsync(1_000)
  member.isJoined = false
  await vi.advanceTimersByTimeAsync(8_000)
  expect(holds).toEqual([])
  await vi.advanceTimersByTimeAsync(4_000)
  expect(holds).toEqual(['Kafka has not had this process in its group for 10 s'])
  member.isJoined = true
  await vi.advanceTimersByTimeAsync(2_000)
  member.failure = new EnrichmentError('KAFKA_UNAVAILABLE', 'Kafka: nobody there')
  await vi.advanceTimersByTimeAsync(12_000)
  expect(holds.slice(1)).toEqual([null, 'Kafka: nobody there'])
})
