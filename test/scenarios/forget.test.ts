import { existsSync, readdirSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { type ReadRecord, TopicReader } from '../stack/topic-reader.ts'

const filesIn = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    : []

test('an album that is forgotten leaves nothing, not even its image, and may be imported anew', async () => {
  const { env, start, publish, results, send } = await createScenario({ ARTWORK: 'download' })
  const store = env.ARTWORK_STORE ?? ''
  await publish(anAlbum('1'))
  const service = start()
  await results.waitFor((records) => records.length === 1, 'the result')
  expect(filesIn(store).length).toBe(4)

  const told = JSON.parse((await runVerb(env, 'forget', '1', '--json')).output)
  expect(told.forgotten).toMatchObject([{ albumId: '1', isKnown: true, requests: 1, images: 1 }])
  const shown = await runVerb(env, 'show', '1')
  expect(shown.output).toMatch(/nothing is stored of, or waits for, album or request 1: it was forgotten/)
  expect(shown.status).not.toBe(0)
  const asked = await runVerb(env, 'enrich', '1')
  expect(asked.output).toContain('nothing is known of album 1')
  await expect.poll(() => filesIn(store).length).toBe(0)
  const wrong = await runVerb(env, 'forget', '1', '')
  expect([wrong.status, wrong.output]).toEqual([
    1,
    expect.stringContaining('"" can be no album\'s id: nothing is forgotten'),
  ])
  expect((await runVerb(env, 'forget', '1')).output, 'again').toContain('nothing was stored of album 1')

  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length === 2, 'the result of the new import')
  // A tombstone does the same.
  await send(env.TOPIC_IMPORTED, { key: '1', value: null })
  await service.waitForLog('album forgotten')
  expect((await runVerb(env, 'show', '1')).output).toContain('it was forgotten')
  expect(await service.stop()).toBe(0)
})

test('an album that waits, or is in the air, while it is forgotten does not come back; others are not kept waiting', async () => {
  const { env, amazon, start, publish, send, results, dead } = await createScenario()
  await publish(anAlbum('waits'))
  await send(env.TOPIC_IMPORTED, { key: 'waits', value: null })
  await publish(anAlbum('waits', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const intake = start('intake')
  await intake.waitForLog('tombstone skipped')

  const forgotten = Promise.withResolvers<void>()
  amazon.behave({ when: (query) => query.includes('Nevermind'), until: forgotten.promise })
  await publish(anAlbum('flies'))
  const worker = start('worker')
  await worker.waitForLog(({ msg, albumId }) => msg === 'album enrichment started' && albumId === 'flies')
  expect((await runVerb(env, 'forget', 'flies')).status).toBe(0)
  forgotten.resolve()
  await publish(anAlbum('other', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  await results.waitFor((records) => records.some(({ key }) => key === 'other'), 'the other album')
  // Told once the commit has been answered, which others may have read by then.
  await worker.waitForLog(({ msg, albumId }) => msg === 'request of a forgotten album skipped' && albumId === 'flies')

  expect((await results.readToEnd()).map(({ key }) => key).sort()).toEqual(['other', 'waits'])
  expect(await dead.readToEnd()).toEqual([])
  expect(worker.logs.filter(({ msg }) => msg === 'request of a forgotten album skipped').length).toBe(2)
  expect(worker.logs.filter(({ msg }) => msg === 'album put back')).toEqual([])
  expect((await runVerb(env, 'show', 'flies')).output).toContain('it was forgotten')
  expect([await worker.stop(), await intake.stop()]).toEqual([0, 0])
})

test('where it is wanted, a forgotten album gets a tombstone behind its result, and none behind a new one', async () => {
  const { env, start, publish, results, send } = await createScenario({ FORGET_TOMBSTONES: 'yes' })
  await publish(anAlbum('1'))
  await publish(anAlbum('2', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const service = start()
  await results.waitFor((records) => records.length === 2, 'the results')
  expect((await runVerb(env, 'forget', '1')).status).toBe(0)
  await send(env.TOPIC_IMPORTED, { key: '2', value: null })
  const isTombstone = ({ value }: { value: unknown }) => value === null
  // One that is forgotten right behind its result may get a second one, which tells readers nothing new.
  const buried = () => new Set(results.records.filter(isTombstone).map(({ key }) => key))
  await results.waitFor(() => buried().size === 2, 'the tombstones')
  expect([...buried()].sort()).toEqual(['1', '2'])
  expect(await service.stop()).toBe(0)

  // Decided on while nobody sends, and over once there is a new result.
  expect((await runVerb(env, 'forget', '1')).status).toBe(0)
  await publish(anAlbum('1'))
  const intake = start('intake')
  const worker = start('worker')
  await results.waitFor(
    (records) => records.filter((record) => record.key === '1' && !isTombstone(record)).length === 2,
    'the new result',
  )
  expect([await worker.stop(), await intake.stop()]).toEqual([0, 0])
  const ofAlbum = (await results.readToEnd()).filter(({ key }) => key === '1')
  expect(isTombstone(ofAlbum.at(-1) ?? { value: null })).toBe(false)
})

test('a tombstone that a lane reads late erases what it made of before, and nothing of the import behind it', async () => {
  const one = await createScenario()
  const { env, publish, send } = one
  const { DATABASE_URL, TOPIC_IMPORTED } = env
  const late = await createScenario({ DATABASE_URL, TOPIC_IMPORTED, AMAZON_MARKETPLACE: 'www.amazon.com' })
  await publish(anAlbum('1', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  await send(TOPIC_IMPORTED, { key: '1', value: null })
  // As clocks have it that are not the brokers'.
  await publish(anAlbum('1', { importedAt: Date.now() - 3_600_000 }))
  const service = one.start('intake', 'worker')
  const isNew = ({ event }: ReadRecord) => event.source.offset === 2
  await one.results.waitFor((records) => records.some(isNew), 'the result of the import behind the tombstone')
  const stored = JSON.parse((await runVerb(env, 'show', '1', '--json')).output)

  const intake = late.start('intake')
  const requests = await TopicReader.open(late.env, late.env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  await requests.waitFor((records) => records.length === 2, 'the requests of both imports')
  await intake.stop()
  expect(JSON.parse((await runVerb(env, 'show', '1', '--json')).output)).toEqual(stored)
  const worker = late.start('worker')
  await worker.waitForLog('request of a forgotten album skipped')
  await late.results.waitFor((records) => records.some(isNew), 'its own result')
  expect((await late.results.readToEnd()).filter((record) => !isNew(record))).toEqual([])
  expect([await service.stop(), await worker.stop()]).toEqual([0, 0])
})
