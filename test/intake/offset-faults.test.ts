import { expect, test } from 'vitest'
import { OffsetFaults } from '../../src/intake/offset-faults.ts'

const PLACE = { topic: 'album.imported', partition: 2 }

test.each([
  ['behind what was deleted', { start: 9n, end: 12n }, [[PLACE, 5n, 9n]]],
  ['in a log of which nothing is left', { start: 12n, end: 12n }, [[PLACE, 5n, 12n]]],
  ['where nothing was deleted', { start: 5n, end: 12n }, []],
  ['in a log that was made anew', { start: 0n, end: 0n }, []],
])('where the offset of the group is gone it begins %s, and tells that', async (_, log, wanted) => {
  const told: unknown[] = []
  const marks = { remembered: async () => ({ offset: 5n, isOpen: false, topicId: null }) }
  const faults = new OffsetFaults(marks, { hold: () => undefined }, 'album.enrichment', (...deleted) =>
    told.push(deleted),
  )
  expect(await faults.beginAt(PLACE, log)).toBe(log.start)
  expect(told).toEqual(wanted)
})

test('what a person accepts counts until its partition is taken over, however often the group joins before that', async () => {
  const holds = new Map<string, unknown>()
  const marks = { remembered: async () => ({ offset: 5n, isOpen: false, topicId: null }) }
  const state = { hold: (cause: string, hold: unknown) => (hold ? holds.set(cause, hold) : holds.delete(cause)) }
  const faults = new OffsetFaults(marks, state, 'album.enrichment', () => undefined)
  const begin = () => faults.beginAt(PLACE, { start: 0n, end: 12n })
  const fail = async () => faults.failed(PLACE, await begin().catch((error) => error))
  const accepted = { accepted: ['intake_offset_missing'] }
  await fail()
  faults.resumed(accepted)
  faults.assigned([PLACE])
  expect([...holds.keys()], 'not taken over yet').toEqual(['intake_offset_missing'])
  expect(await begin()).toBe(0n)
  faults.over(PLACE)
  expect([...holds.keys()]).toEqual([])
  await expect(begin(), 'it is over').rejects.toMatchObject({ code: 'TOPIC_WRONG' })

  await fail()
  faults.assigned([PLACE])
  faults.resumed(accepted)
  expect(await begin(), 'accepted after the join and before the next try').toBe(0n)
  faults.over(PLACE)

  await fail()
  // It has looked before the person speaks.
  const refused = await begin().catch((error) => error)
  faults.resumed(accepted)
  faults.failed(PLACE, refused)
  expect(await begin(), 'accepted while a try went on').toBe(0n)
  faults.assigned([])
  faults.assigned([PLACE])
  await expect(begin(), 'another member had it meanwhile').rejects.toMatchObject({ code: 'TOPIC_WRONG' })
})
