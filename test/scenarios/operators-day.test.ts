import { expect, test, vi } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

// A command is a process of its own, which takes seconds on a busy machine, and an operator runs many.
vi.setConfig({ testTimeout: 240_000 })

test('Amazon refuses the account and holds the lane, an operator pauses, and after its recovery every album ends in one result', async () => {
  const { env, start, publish, results, dead, amazon } = await createScenario()
  const run = (...verb: string[]) => runVerb(env, ...verb)
  const ids = ['1', '2', '3', '4']
  amazon.behave(trouble.notEligible())
  const service = start()
  await publish(...ids.map((id) => anAlbum(id)))
  await service.waitForLog(isHeldFor('lane', 'AMAZON_NOT_ELIGIBLE'))

  let status = { status: null as number | null, output: '' }
  const look = async () => {
    status = await run('status')
    return status.output
  }
  await expect.poll(look).toContain('the lane is held')
  expect(status.status).toBe(0)
  expect(status.output).toMatch(/held for AMAZON_NOT_ELIGIBLE since \S+: 403 AssociateNotEligible/)
  expect(status.output).toMatch(/what to do: the associate account is not eligible for the API: mend it/)
  expect(status.output).toContain('no dead letters')
  expect((await run('pause')).output).toContain('the lane is paused')
  const { changedAt } = JSON.parse((await run('status', '--json')).output).lane
  // Whom to ask is who paused it first.
  expect((await run('pause')).output).toMatch(new RegExp(`the lane was paused already, by \\w+ since ${changedAt}`))
  expect(JSON.parse((await run('status', '--json')).output).lane).toMatchObject({ isPaused: true, changedAt })
  await publish(anAlbum('5'))

  expect(await service.stop()).toBe(0)
  await expect.poll(async () => (await run('status')).output).toMatch(/no worker runs: group \S+ has no member/)
  amazon.reset()
  const restarted = start()
  await restarted.waitForLog('lane paused')
  expect((await run('status')).output).toMatch(/the lane is paused by \w+ since/)
  expect(amazon.calls).toEqual([])
  expect((await run('resume')).output).toContain('the lane is running')
  await results.waitFor((records) => records.length === 5, 'all results')
  expect(await restarted.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual([...ids, '5'])
  expect(results.records.map(({ event }) => [event.reason, event.attempts])).toEqual(
    Array.from({ length: 5 }, () => ['imported', 1]),
  )
  expect(await dead.readToEnd()).toEqual([])
})

test('a person who mended the cause says resume, and the lane goes on at once', async () => {
  const { env, start, publish, results, amazon } = await createScenario()
  amazon.behave(trouble.notEligible())
  const service = start()
  await publish(anAlbum('1'))
  await service.waitForLog('lane held')
  // By then the next look by itself is half a minute away.
  await expect.poll(() => amazon.calls.length).toBeGreaterThanOrEqual(5)
  amazon.reset()
  const resumed = await runVerb(env, 'resume')
  expect(resumed.output).toContain('it was held for AMAZON_NOT_ELIGIBLE')
  await results.waitFor((records) => records.length === 1, 'the result', 10_000)
})

test('requests that Amazon calls invalid are dead letters, which an operator lists, shows and sends again', async () => {
  const { env, start, publish, results, dead, amazon } = await createScenario()
  const run = (...verb: string[]) => runVerb(env, ...verb)
  const json = async (...verb: string[]) => JSON.parse((await run(...verb, '--json')).output.split('\n').at(-1) ?? '')
  const ids = ['1', '2', '3', '4']
  amazon.behave(trouble.invalidRequest())
  const service = start()
  await publish(...ids.map((id) => anAlbum(id)))
  await dead.waitFor((records) => records.length >= ids.length, 'the dead letters')
  const status = await run('status')
  expect(status.output).toContain('the lane is running')
  expect(status.output).toContain('4 dead letters with AMAZON_INVALID_REQUEST: Amazon calls the request invalid')

  amazon.reset()
  const listed = (await json('dead', 'list')).deadLetters
  expect(listed.map(({ albumId }: { albumId: string }) => albumId).toSorted()).toEqual(ids)
  const [first] = listed
  expect((await run('dead', 'show', first.id)).output).toContain('enricher-error-code')
  const nowhere = { ...env, SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9' }
  const withoutRegistry = (await runVerb(nowhere, 'dead', 'show', first.id)).output
  expect(withoutRegistry).toContain('enricher-error-code')
  expect(withoutRegistry).toContain('the value is told as it is')
  expect(await json('dead', 'retry', first.id)).toMatchObject({ retried: 1, refused: 0 })
  expect(await json('dead', 'retry', '--all')).toMatchObject({ retried: 3, refused: 0 })
  await results.waitFor((records) => records.length === 4, 'all results')
  expect((await run('dead', 'list')).output).toBe('no dead letters')
  expect((await run('dead', 'retry', first.id)).status).toBe(1)

  expect(await service.stop()).toBe(0)
  expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(ids)
  expect(results.records.map(({ event }) => event.reason)).toEqual(ids.map(() => 'replay'))
})

test('a flood of dead letters holds the lane, and after resume one album goes first', async () => {
  const { env, start, publish, results, dead, amazon } = await createScenario({
    FLOOD_DEAD_LETTERS: '3',
    // Others in the air may still be given up before the third one is counted.
    MAX_ALBUMS_IN_FLIGHT: '1',
  })
  amazon.behave(trouble.invalidRequest())
  const ids = ['1', '2', '3', '4', '5', '6']
  const service = start()
  await publish(...ids.map((id) => anAlbum(id)))
  await service.waitForLog(isHeldFor('lane', 'flood'))
  expect((await runVerb(env, 'resume')).status).toBe(0)
  await expect.poll(() => service.logs.filter(({ msg }) => msg === 'lane held').length).toBe(2)
  await dead.waitFor((records) => records.length === 4, 'the three, and the one that went first')

  amazon.reset()
  expect((await runVerb(env, 'resume')).output).toMatch(/it was held for flood: \d dead letters in a row/)
  await results.waitFor((records) => records.length === ids.length - 4, 'the other albums')
  expect(await service.stop()).toBe(0)
  expect((await dead.readToEnd()).length).toBe(4)
})

test('a dead letter of intake is refused while it is still bad, and can be deleted and exported', async () => {
  const { env, start, publish, dead } = await createScenario()
  await publish(anAlbum('bad', { title: '' }))
  const service = start('intake')
  await dead.waitFor((records) => records.length === 1, 'the dead letter')
  await service.stop()
  const shown = await runVerb(env, 'show', 'bad')
  expect(shown).toMatchObject({
    status: 0,
    output: expect.stringMatching(/^a dead letter waits: 0:\d+, RECORD_INVALID, since /),
  })
  const retry = await runVerb(env, 'dead', 'retry', '--all')
  expect(retry.status).toBe(1)
  expect(retry.output).toMatch(/is refused: RECORD_INVALID: title is ""/)
  expect((await runVerb(env, 'dead', 'retry')).output).toContain('name ids, or --code CODE, or --all')
  expect((await runVerb(env, 'dead', 'delete', '--code', 'RECORD_INVALID')).output).toMatch(/^1 deleted/)
  expect((await runVerb(env, 'dead', 'list')).output).toBe('no dead letters')
  expect((await runVerb(env, 'show', 'bad')).status, 'it is handled').toBe(1)
})

test('enrich overtakes a backlog, show tells the story, and an unknown album is named', async () => {
  const { env, start, publish, results, amazon } = await createScenario()
  const backlog = Array.from({ length: 10_000 }, (_, index) =>
    anAlbum(`b${index}`, { title: 'Nothing At All Like This' }),
  )
  await publish(...backlog)
  const service = start()
  await results.waitFor((records) => records.length > 0, 'the first of the backlog')
  const requested = await runVerb(env, 'enrich', 'b9999', '--json')
  expect(requested.status).toBe(0)
  const asked = Date.now()
  await results.waitFor(
    (records) => records.some(({ event }) => event.reason === 'replay'),
    'the album that was asked for',
  )
  expect(Date.now() - asked).toBeLessThan(15_000)
  expect(results.records.length).toBeLessThan(backlog.length)
  expect(amazon.early).toBe(0)

  const story = await runVerb(env, 'show', 'b9999')
  expect(story.output).toContain('Nirvana – Nothing At All Like This (1991) (album b9999)')
  expect(story.output).toContain('not_found')
  const unknown = await runVerb(env, 'enrich', 'nobody-knows')
  expect(unknown.status).toBe(1)
  expect(unknown.output).toContain('nothing is known of album nobody-knows')
  expect((await runVerb(env, 'show', 'nobody-knows')).status).toBe(1)
  service.signal('SIGKILL')
})
