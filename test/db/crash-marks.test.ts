import { randomUUID } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import { CrashMarks } from '../../src/db/crash-marks.ts'
import { Database } from '../../src/db/database.ts'
import { createDatabase } from '../stack/create-database.ts'

const at = (offset: number) => ({ topic: 'albums', partition: 0, offset: BigInt(offset) })
const all = Array.from({ length: 10 }, (_, offset) => at(offset))
const nothing = async () => undefined

async function createProcesses(): Promise<(from: number) => Promise<CrashMarks>> {
  const url = await createDatabase(inject('databaseUrl'), `crash-marks-${randomUUID().slice(0, 8)}`)
  const db = new Database(url)
  onTestFinished(() => db.close())
  await db.migrate()
  return async (from) => {
    const marks = new CrashMarks(db, 'group', randomUUID())
    await marks.takeOver([at(from)])
    return marks
  }
}

/** Begins to touch them, and never ends. */
async function dieOf(marks: CrashMarks, places: typeof all): Promise<void> {
  await new Promise<void>((resolve) => {
    void marks.touch(places, () => {
      resolve()
      return new Promise(() => undefined)
    })
  })
}

test('of those in hand at a second death each is touched alone, and the third gives up the one that was in hand then', async () => {
  const begin = await createProcesses()
  await dieOf(await begin(0), all)
  const second = await begin(0)
  expect(second.countTogether(all)).toBe(10)
  await dieOf(second, all)
  const third = await begin(0)
  expect([third.countTogether(all), third.judge(at(4))]).toEqual([1, null])
  for (const offset of [0, 1, 2, 3]) await third.touch([at(offset)], nothing)
  await dieOf(third, [at(4)])
  const fourth = await begin(0)
  expect(all.map((place) => fourth.judge(place)?.code)).toEqual(
    all.map(({ offset }) => (offset === 4n ? 'CRASHED_DECODER' : undefined)),
  )
  // One more death, of another record, does not make it forgotten.
  await dieOf(fourth, [at(5)])
  const fifth = await begin(0)
  expect([fifth.judge(at(4))?.code, fifth.judge(at(5))?.code]).toEqual(['CRASHED_DECODER', 'CRASHED_DECODER'])
  await fifth.leave()
  // Past them nothing is suspected any more.
  expect((await begin(10)).countTogether(Array.from({ length: 3 }, (_, index) => at(10 + index)))).toBe(3)
})

test('processes that end well, or while nothing is in hand, are held against no record', async () => {
  const begin = await createProcesses()
  for (let count = 0; count < 3; count += 1) {
    const marks = await begin(0)
    await marks.touch(all, nothing)
    if (count === 0) await marks.leave()
  }
  const last = await begin(0)
  expect([last.countTogether(all), last.judge(at(0))]).toEqual([10, null])
})
