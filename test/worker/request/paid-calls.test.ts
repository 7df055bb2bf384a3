import { EventEmitter, once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import type { Model } from '../../../src/model/model.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import { LaneLease } from '../../../src/worker/lease/lane-lease.ts'
import { modelFor } from '../../../src/worker/request/paid-calls.ts'
import { AlbumClock } from '../../../src/worker/window/album-clock.ts'
import { sampleAlbum } from '../../data/samples.ts'
import { quietPorts } from '../../stack/quiet-ports.ts'

/** A member of a group as far as albums see it. */
class Group extends EventEmitter<{ heard: [] }> {
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
  const group = new Group()
  const lease = new LaneLease({
    ...quietPorts(),
    get isConfirmed() {
      return group.isConfirmed
    },
    confirmed: (signal) => group.confirmed(signal),
  })
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
  const dependencies = createDependencies(() => undefined, stopping.signal)
  const { judge } = modelFor(model, { lease, dependencies, requestId: 'request', clock }, () => undefined)
  const [dropped, goesOn] = [new AbortController(), new AbortController()]
  group.join()
  await lease.acquire(stopping.signal)
  group.isConfirmed = false
  const answers = [
    judge(sampleAlbum('Dropped', ['Keeper']), [], dropped.signal).catch((error: unknown) => error),
    judge(sampleAlbum('Goes On', ['Keeper']), [], goesOn.signal),
  ]

  lease.suspend()
  group.join()
  // The takeover finds that another process has had the lane since.
  dropped.abort(new Error('given up'))
  expect(await answers[0]).toEqual(new Error('given up'))
  expect(asked).toEqual([])
  await lease.acquire(stopping.signal)
  await answers[1]
  expect(asked).toEqual(['Goes On'])
})
