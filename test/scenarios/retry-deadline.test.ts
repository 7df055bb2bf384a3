import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { TopicReader } from '../stack/topic-reader.ts'

const HOUR_MS = 3_600_000
/** Before each copy, and before the dead letter. */
const TRIES = 4

test('the last tier repeats until the deadline, and only then is the album given up, once', async () => {
  const scenario = await createScenario({ RETRY_DELAYS: '1s', RETRY_DEADLINE_HOURS: '1' })
  const { env, start, publish, results, dead, amazon } = scenario
  const db = new Database(env.DATABASE_URL)
  const copies = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.retry.1s`)
  onTestFinished(async () => {
    await Promise.all([copies.close(), db.close()])
  })
  amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Kind of Blue') })
  await publish(anAlbum('late', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }), anAlbum('1'))
  const service = start()
  // The first tier, which is the last one too, and once more.
  await copies.waitFor((records) => records.length >= 2, 'copies in the last tier')
  expect(dead.records).toEqual([])

  /** Between two rounds: in a round it would be written over. Answers how many rounds there were. */
  const fail = async (at: number) => {
    let rows: { failed: number }[] = []
    const change = async () => {
      rows = await db.query((em) =>
        em.execute(
          `update enrichment set failures = jsonb_set(failures, '{0,at}', to_jsonb(?::text))
           where album_id = ? and decided_at is not null returning jsonb_array_length(failures) as failed`,
          [new Date(at).toISOString(), 'late'],
        ),
      )
      return rows.length
    }
    await expect.poll(change).toBe(1)
    return (rows[0]?.failed ?? 0) / TRIES
  }
  // Not over yet, by as much as a slow machine may need for another round.
  const before = await fail(Date.now() - HOUR_MS + 120_000)
  await copies.waitFor((records) => records.length > before, 'a copy shortly before the deadline')
  expect(dead.records).toEqual([])

  const after = await fail(Date.now() - HOUR_MS)
  await dead.waitFor((records) => records.length > 0, 'the dead letter')
  await results.waitFor((records) => records.length > 0, 'the other album')
  expect(await service.stop()).toBe(0)
  const [letter, ...more] = await dead.readToEnd()
  expect([letter?.key, letter?.headers['enricher-error-code'], more]).toEqual(['late', 'AMAZON_UNAVAILABLE', []])
  const all = await copies.readToEnd()
  expect(all.length).toBe(after)
  expect(all.map(({ headers }) => headers['enricher-attempt'])).toEqual(all.map((_, index) => String(index + 1)))
  expect(letter?.headers['enricher-attempt']).toBe(String(TRIES * (all.length + 1)))
  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(['1'])
})
