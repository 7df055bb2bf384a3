import { EventEmitter, once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { OwnedLane } from '../../src/db/lane.ts'
import type { Model } from '../../src/model/model.ts'
import { AlbumClock } from '../../src/worker/album-clock.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import { modelFor, type Possession, possessionForAlbums } from '../../src/worker/paid-calls.ts'
import { sampleAlbum } from '../data/samples.ts'
import { createTestEnv } from '../stack/test-env.ts'

/** A member of a group as far as albums see it. */
class Group extends EventEmitter<{ heard: [] }> implements Possession {
  isConfirmed = false

  async confirmed(signal: AbortSignal): Promise<void> {
    while (!this.isConfirmed) await once(this, 'heard', { signal })
  }

  join(): void {
    this.isConfirmed = true
    this.emit('heard')
  }
}

test('a process that was stopped asks nothing when it has joined again, before it has taken the lane over', async () => {
  const db = new Database((await createTestEnv()).DATABASE_URL)
  onTestFinished(() => db.close())
  const owned = new OwnedLane(db, 'lane')
  const group = new Group()
  const stopping = new AbortController()
  const clock = new AlbumClock(60_000)
  onTestFinished(() => clock.dispose())
  const asked: string[] = []
  const answer = { verdicts: [], use: { name: '', promptVersion: '', inputTokens: 0, outputTokens: 0 } }
  const model: Model = {
    identity: { name: 'stand-in', promptVersion: '1' },
    async judge({ title }) {
      asked.push(title)
      return answer
    },
  }
  const surroundings = {
    possession: possessionForAlbums(group, owned),
    dependencies: createDependencies(() => undefined, stopping.signal),
    requestId: 'request',
    clock,
  }
  const { judge } = modelFor(model, surroundings, () => undefined)
  const [dropped, goesOn] = [new AbortController(), new AbortController()]
  const answers = [
    judge(sampleAlbum('Dropped', ['Keeper']), [], dropped.signal).catch((error: unknown) => error),
    judge(sampleAlbum('Goes On', ['Keeper']), [], goesOn.signal),
  ]

  owned.unsettle()
  group.join()
  // The takeover finds that another process has had the lane since.
  dropped.abort(new Error('given up'))
  expect(await answers[0]).toEqual(new Error('given up'))
  expect(asked).toEqual([])
  owned.settle()
  await answers[1]
  expect(asked).toEqual(['Goes On'])
})
