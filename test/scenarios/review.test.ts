import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

// A command is a process of its own, which takes seconds on a busy machine, and an editor runs many.
vi.setConfig({ testTimeout: 240_000 })

/** Nobody is asked, so what the rules leave open is for a person. */
const SETTINGS = { MODEL_USE: 'never' }
/** The shop has it in a form that the rules cannot decide about. */
const OPEN = anAlbum('open', {
  title: 'The United States Of America',
  artists: [{ name: 'The United States Of America' }],
  releaseYear: 1968,
})

function commandsOf({ env }: Scenario) {
  const json = async (...verb: string[]) => {
    const { status, output } = await runVerb(env, 'review', ...verb, '--json')
    const told = output.split('\n').findLast((line) => line.startsWith('{'))
    return { status, answer: JSON.parse(told ?? '') }
  }
  const events = async ({ results }: Scenario, count: number) => {
    await results.waitFor((records) => records.length >= count, `${count} results`, 60_000)
    return results.records.map(({ event }) => event)
  }
  return { json, events }
}

test('an editor accepts what was open, rejects it, takes it back, and each says what the album has come to', async () => {
  const scenario = await createScenario(SETTINGS)
  const { json, events } = commandsOf(scenario)
  scenario.start()
  await scenario.publish(OPEN)
  const [first] = await events(scenario, 1)
  expect(first).toMatchObject({ outcome: 'needs_review', links: [], counts: { accepted: 0 } })

  const { items } = (await json('list')).answer
  expect(items).toMatchObject([{ albumId: 'open', isLinked: false, open: first.counts.open }])
  const { candidates } = (await json('show', 'open')).answer
  expect(candidates[0]).toMatchObject({ verdict: 'open' })
  const { number, product } = candidates[0]
  const { asin } = product

  const accepted = await json('accept', 'open', String(number))
  expect(accepted.answer.decisions).toMatchObject([{ asin, verdict: 'accept' }])
  const second = (await events(scenario, 2))[1]
  expect(second).toMatchObject({ reason: 'verdict', outcome: 'matched', requestId: accepted.answer.requestId })
  expect(second.links).toMatchObject([{ asin, decidedBy: 'person', reason: expect.stringContaining('accepted by') }])

  // What a person decided outlives a new search.
  const searches = scenario.amazon.calls.length
  expect((await runVerb(scenario.env, 'enrich', 'open')).status).toBe(0)
  const third = (await events(scenario, 3))[2]
  expect(scenario.amazon.calls.length).toBeGreaterThan(searches)
  expect(third).toMatchObject({ reason: 'replay', outcome: 'matched', links: [{ asin, decidedBy: 'person' }] })

  await json('reject', 'open', asin)
  const fourth = (await events(scenario, 4))[3]
  expect(fourth).toMatchObject({ reason: 'verdict', links: [], withdrawnAsins: [asin] })

  await json('undo', 'open')
  const fifth = (await events(scenario, 5))[4]
  expect(fifth).toMatchObject({ outcome: 'needs_review', counts: first.counts })
  expect((await json('show', 'open')).answer.verdicts).toEqual([])
})

test('a product that nobody found is added by its ASIN, and verdicts are exported as labelled pairs', async () => {
  const scenario = await createScenario(SETTINGS)
  const { json, events } = commandsOf(scenario)
  scenario.start()
  await scenario.publish(OPEN, anAlbum('other'))
  const results = await events(scenario, 2)
  const [link] = results.find(({ albumId }: { albumId: string }) => albumId === 'other').links
  const before = scenario.amazon.calls.length

  await json('add', 'open', link.asin)
  const added = (await events(scenario, 3))[2]
  expect(added).toMatchObject({
    albumId: 'open',
    outcome: 'matched',
    links: [{ asin: link.asin, decidedBy: 'person' }],
  })
  expect(added.links[0].priceMinor).toBe(link.priceMinor)
  expect(scenario.amazon.calls.length).toBe(before + 1)

  const file = join(tmpdir(), `${scenario.env.TOPIC_ENRICHED}.jsonl`)
  const { answer } = await json('export', file)
  expect(answer).toEqual({ file, pairs: 1 })
  const pair = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file)
  expect((await json('export', join(file, 'nowhere.jsonl'))).answer.error.code).toBe('FILE_UNUSABLE')
  expect(pair).toMatchObject({ album: { title: OPEN.title }, product: { asin: link.asin }, label: 'match' })
})

test('a wrong number, a wrong ASIN and an unknown album are told with what to do, and decide nothing', async () => {
  const scenario = await createScenario(SETTINGS)
  const { json, events } = commandsOf(scenario)
  scenario.start()
  await scenario.publish(OPEN)
  await events(scenario, 1)
  for (const [verb, told] of [
    [['accept', 'open', '99'], 'has no candidate 99'],
    [['add', 'open', 'b0'], 'wants ten letters and digits'],
    [['undo', 'open'], 'no person has decided'],
    [['show', 'nowhere'], 'nothing is stored of album nowhere'],
    [['show', 'open', '--marketplace', 'amazon.ca'], '--marketplace is "amazon.ca": wants one of www.amazon.com, '],
    [
      ['accept', 'open', '1', '--marketplace', 'amazon.ca'],
      '--marketplace is "amazon.ca": wants one of www.amazon.com, ',
    ],
  ] as const) {
    const { status, answer } = await json(...verb)
    expect([status, answer.error.code]).toEqual([1, 'RECORD_INVALID'])
    expect(answer.error.message).toContain(told)
  }
  expect((await json('show', 'open')).answer.verdicts).toEqual([])
})

test('a verdict about the marketplace of another lane is refused, and any may be looked at, without an Amazon key', async () => {
  const scenario = await createScenario(SETTINGS)
  const { json, events } = commandsOf(scenario)
  scenario.start()
  await scenario.publish(OPEN)
  await events(scenario, 1)
  const other = ['--marketplace', 'www.amazon.com']
  for (const verb of [
    ['accept', 'open', '1'],
    ['reject', 'open', '1'],
    ['add', 'open', 'B000000001'],
    ['undo', 'open'],
  ]) {
    const { status, answer } = await json(...verb, ...other)
    expect([status, answer.error.code]).toEqual([2, 'CONFIG_INVALID'])
    expect(answer.error.message).toContain('decide with those of the lane of www.amazon.com')
  }
  expect((await json('show', 'open', ...other)).answer).toMatchObject({ marketplace: 'www.amazon.com', candidates: [] })

  const keyless = Object.fromEntries(Object.entries(scenario.env).filter(([name]) => !name.startsWith('AMAZON_')))
  const inShell = (env: object) => commandsOf({ ...scenario, env: env as Scenario['env'] })
  const added = await inShell({ ...keyless, AMAZON_MARKETPLACE: 'www.amazon.com' }).json('add', 'open', 'B000000001')
  expect(added.answer.error.message).toContain('album open was looked for in www.amazon.ca, but with these settings')
  expect((await inShell(keyless).json('accept', 'open', '1')).status).toBe(0)
  expect((await events(scenario, 2))[1]).toMatchObject({ reason: 'verdict', outcome: 'matched' })
})
