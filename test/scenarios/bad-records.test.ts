import { expect, test } from 'vitest'
import { anAlbum, createScenario, encodeAlbum } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'

test('what is no album is dead-lettered with its bytes and a remedy, and the albums behind it go on', async () => {
  const { start, publish, send, dead, results, env } = await createScenario()
  const garbage = Buffer.from('this is no Avro')
  const unknownSchema = Buffer.concat([Buffer.from([0, 0, 0x7f, 0xff, 0xff]), Buffer.from('x')])
  await send(env.TOPIC_IMPORTED, { key: 'garbage', value: garbage, headers: { traceparent: '00-abc-def-01' } })
  await send(env.TOPIC_IMPORTED, { key: 'unknown', value: unknownSchema })
  await publish(anAlbum('untitled', { title: ' ' }), anAlbum('nobody', { artists: [] }), anAlbum('good'))
  const service = start()
  await results.waitFor((records) => records.length > 0, 'the good album')
  await dead.waitFor((records) => records.length >= 4, 'four dead letters')
  expect(await service.stop()).toBe(0)

  expect((await results.readToEnd()).map(({ key }) => key)).toEqual(['good'])
  const letters = new Map((await dead.readToEnd()).map((letter) => [letter.key, letter]))
  expect(letters.size).toBe(4)
  const headersOf = (key: string) => letters.get(key)?.headers ?? {}
  expect(letters.get('garbage')?.value).toEqual(garbage)
  expect(headersOf('garbage')).toMatchObject({
    traceparent: '00-abc-def-01',
    'enricher-original-topic': env.TOPIC_IMPORTED,
    'enricher-error-code': 'RECORD_UNDECODABLE',
    'enricher-stage': 'intake',
  })
  expect(letters.get('unknown')?.value).toEqual(unknownSchema)
  expect(headersOf('unknown')['enricher-error-code']).toBe('SCHEMA_UNKNOWN')
  expect(headersOf('untitled')['enricher-error-message']).toMatch(/^title is " ": .*import it again/)
  expect(headersOf('nobody')['enricher-error-message']).toMatch(/^artists is \[\]: credit at least one artist/)
})

test('a tombstone is counted and nothing else; one whose key can be no album id is told, as is the first album under another key', async () => {
  const { start, publish, send, dead, results, env } = await createScenario()
  await send(env.TOPIC_IMPORTED, { key: 'gone', value: null }, { key: null, value: null, partition: 0 })
  const { value } = await encodeAlbum(env, anAlbum('good'))
  await send(env.TOPIC_IMPORTED, { key: '"good"', value, partition: 0 }, { key: null, value, partition: 0 })
  await publish(anAlbum('1'))
  const service = start()
  await results.waitFor((records) => records.length === 3, 'the albums')
  await service.waitForLog('tombstone skipped')
  const counted = async (result: string) =>
    new RegExp(`^album_enricher_tombstones_total\\{result="${result}".*\\} (\\d+)$`, 'm').exec(
      await service.metrics(),
    )?.[1]
  expect(await Promise.all(['forgotten', 'unknown', 'unusable'].map(counted))).toEqual(['0', '1', '1'])
  expect(await service.stop()).toBe(0)
  const warned = service.logs.filter(({ level, offset }) => level === 'warn' && offset !== undefined)
  const at = { topic: env.TOPIC_IMPORTED, partition: 0, remedy: expect.stringContaining('UTF-8 bytes') }
  expect(warned).toMatchObject([
    { ...at, offset: '0', msg: 'tombstone not heeded: its key can be no album id' },
    { ...at, offset: '1', key: '"good"', albumId: 'good', msg: 'album key is not its id' },
  ])
  expect(await dead.readToEnd()).toEqual([])
})

test('a title of 10,000 characters ends in a result', async () => {
  const { start, publish, results } = await createScenario()
  await publish(anAlbum('long', { title: 'Na '.repeat(3_333) }))
  const service = start()
  await results.waitFor((records) => records.length > 0, 'the result')
  expect(await service.stop()).toBe(0)
  expect((await results.readToEnd())[0]?.event.outcome).toBe('not_found')
})

test('a flood of records that are no albums holds intake, also after a restart, and after resume one goes first', async () => {
  const { start, publish, send, dead, results, env } = await createScenario({ FLOOD_DEAD_LETTERS: '5' })
  await send(env.TOPIC_IMPORTED, ...Array.from({ length: 8 }, () => ({ key: 'same', value: Buffer.from('no Avro') })))
  const isHeld = isHeldFor('intake', 'intake_flood')
  const first = start()
  await first.waitForLog(isHeld)
  await dead.waitFor((records) => records.length === 5, 'five dead letters')
  expect(await first.stop()).toBe(0)
  const service = start()
  await service.waitForLog(isHeld)
  const status = async () => (await runVerb(env, 'status')).output
  await expect
    .poll(status)
    .toMatch(/the lane is running\nintake is held\n[\s\S]*held for intake_flood since \S+: 5 dead letters in a row/)
  await publish(anAlbum('same'))

  const held = () => service.logs.filter(({ msg }) => msg === 'intake held').length
  for (let resumes = 1; results.records.length === 0 && resumes <= 8; resumes += 1) {
    await dead.waitFor((records) => records.length === 4 + resumes, 'one more dead letter')
    expect((await runVerb(env, 'resume')).output).toContain('it was held for intake_flood')
    await expect.poll(() => held() > resumes || results.records.length > 0).toBe(true)
  }
  expect(await service.stop()).toBe(0)
  expect((await dead.readToEnd()).length).toBe(8)
  expect((await results.readToEnd()).length).toBe(1)
})
