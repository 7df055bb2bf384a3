import { expect, test } from 'vitest'
import { ExclusiveGate } from '../../../src/worker/window/exclusive-gate.ts'

const NEVER = new AbortController().signal

function aWork(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const work = async () => {
    log.push(`${name} begins`)
    await promise
    log.push(`${name} ends`)
  }
  return { work, end: resolve }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('work overlaps, but for work that runs alone: it waits for what runs, and what comes later waits for it', async () => {
  const gate = new ExclusiveGate()
  const log: string[] = []
  const [one, two, alone, later] = ['one', 'two', 'alone', 'later'].map((name) => aWork(log, name))
  const runs = [
    gate.run(false, one?.work ?? fail, NEVER),
    gate.run(false, two?.work ?? fail, NEVER),
    gate.run(true, alone?.work ?? fail, NEVER),
    gate.run(false, later?.work ?? fail, NEVER),
  ]
  await settled()
  expect(log).toEqual(['one begins', 'two begins'])
  two?.end()
  one?.end()
  await settled()
  expect(log.slice(4)).toEqual(['alone begins'])
  alone?.end()
  await settled()
  expect(log.slice(5)).toEqual(['alone ends', 'later begins'])
  later?.end()
  await Promise.all(runs)
})

test('who is called off while it waits to be alone lets the others go on', async () => {
  const gate = new ExclusiveGate()
  const log: string[] = []
  const running = aWork(log, 'running')
  const stop = new AbortController()
  const runs = [gate.run(false, running.work, NEVER), gate.run(true, async () => undefined, stop.signal)]
  stop.abort(new Error('called off'))
  await expect(runs[1]).rejects.toThrow('called off')
  expect(await gate.run(false, async () => 'went on', NEVER)).toBe('went on')
  running.end()
  await runs[0]
})

async function fail(): Promise<void> {
  throw new Error('no such work')
}
