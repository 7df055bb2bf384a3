import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ProbeQueue } from '../../src/holds/probe-queue.ts'

const NEVER = new AbortController().signal

test('turns to probe come one at a time, first come first served, until all may go on', async () => {
  const queue = new ProbeQueue()
  const turns: string[] = []
  const caller = async (name: string, signal = NEVER) => {
    turns.push(`${name} ${(await queue.waitForTurn(signal)) ? 'probes' : 'goes on'}`)
  }
  const stop = new AbortController()
  const [a, b, c] = [caller('a'), caller('b', stop.signal), caller('c')]
  await a
  const d = caller('d')
  queue.setNext(0)
  // Any timer that was set by now is over before this one.
  await delay(1)
  expect(turns).toEqual(['a probes'])

  stop.abort(new Error('stopped'))
  await expect(b).rejects.toThrow('stopped')
  queue.endTurn()
  await c
  queue.releaseAll()
  await d
  expect(turns).toEqual(['a probes', 'c probes', 'd goes on'])
})

test('it keeps the process alive for those that wait, and for nobody else', async () => {
  const script = `
    const { ProbeQueue } = await import(${JSON.stringify(new URL('../../src/holds/probe-queue.ts', import.meta.url))})
    const queue = new ProbeQueue()
    queue.setNext(50)
    console.log(await queue.waitForTurn(new AbortController().signal))
    queue.endTurn()
    queue.setNext(3_600_000)
    const stop = new AbortController()
    const callers = [1, 2].map(() => queue.waitForTurn(stop.signal))
    stop.abort(new Error('stopped'))
    for (const { reason } of await Promise.allSettled(callers)) console.log(reason.message)`
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 })
  expect((await child).stdout.trim().split('\n')).toEqual(['true', 'stopped', 'stopped'])
})
