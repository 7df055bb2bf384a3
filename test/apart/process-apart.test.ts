import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ProcessApart } from '../../src/apart/process-apart.ts'
import { areGone, signalAll } from '../stack/processes.ts'

const MODULE = new URL('../../src/apart/process-apart.ts', import.meta.url)
/** Answers who asks nothing. */
const ANSWERING = new URL('../../src/kafka/decode-suspect.ts', import.meta.url)
const PROGRAM = new URL('../stack/faults/loop-for-ever.ts', import.meta.url)

test('a job without an end ends with whoever started it, even where that is killed', async () => {
  const path = join(tmpdir(), `looping-${process.pid}`)
  const script = `import('${MODULE}').then(({ ProcessApart }) =>
    new ProcessApart(new URL('${PROGRAM}'), []).do('${path}', 1_000))`
  const parent = spawn(process.execPath, ['--eval', script], { stdio: 'inherit' })
  const child = await vi.waitFor(() => Number(readFileSync(path, 'utf8')), { timeout: 20_000, interval: 20 })
  onTestFinished(() => {
    signalAll([child], 'SIGKILL')
    rmSync(path)
  })
  expect(areGone([child])).toBe(false)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(areGone([child])).toBe(true), { timeout: 5_000, interval: 50 })
})

test('a job that comes as the idle process is being ended is done by another one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const apart = new ProcessApart<null, true>(ANSWERING, [])
  expect(await apart.do(null, 60_000)).toMatchObject({ kind: 'answered' })
  vi.advanceTimersByTime(10_000)
  expect(await apart.do(null, 60_000)).toMatchObject({ kind: 'answered' })
  vi.advanceTimersByTime(10_000)
})
