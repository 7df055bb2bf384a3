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
