import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb, ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

/** The last commit of version 0.1.0, whose tables end with m0006. */
const FORMER = 'c549ca1'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })

/** A checkout without its history has no former build to try. */
function hasFormer(): boolean {
  try {
    git('cat-file', '-e', `${FORMER}^{commit}`)
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasFormer())('the former build beside this one', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'album-enricher-former-')), 'clone')
  beforeAll(() => {
    git('worktree', 'add', '--detach', folder, FORMER)
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  })
  afterAll(() => {
    git('worktree', 'remove', '--force', folder)
    rmSync(join(folder, '..'), { recursive: true, force: true })
  })

  function runFormer(env: Record<string, string>, verb: string): ServiceProcess {
    return new ServiceProcess(env, [verb], join(folder, 'src/cli.ts'))
  }

  async function setUpFormer(env: Record<string, string>): Promise<void> {
    const former = runFormer(env, 'setup')
    if ((await former.exited()) !== 0) throw new Error(`setup of the former build failed: ${former.tail()}`)
  }

  function startFormer({ env }: Scenario): ServiceProcess {
    const service = runFormer(env, 'run')
    onTestFinished(() => service.signal('SIGKILL'))
    return service
  }

  const beginnings = {
    'the former one dies and this one takes over': [startFormer, ({ start }: Scenario) => start()],
    'this one dies and the former one takes over': [({ start }: Scenario) => start(), startFormer],
  } as const

  test.each(Object.entries(beginnings))('%s: nothing is lost or doubled', async (_name, [startFirst, startSecond]) => {
    const scenario = await createScenario({ RETRY_DELAYS: '8s,9s' }, setUpFormer)
    const { env, amazon, publish, results, dead } = scenario
    // One that waits in a retry topic when its builder dies, one that is no album, some that are done, some in the air.
    amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Kind of Blue'), times: 4 })
    const first = startFirst(scenario)
    await publish(anAlbum('retried', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
    await publish(anAlbum('untitled', { title: ' ' }), anAlbum('1'), anAlbum('2'))
    await results.waitFor((records) => records.length === 2, 'the first results')
    await first.waitForLog('album will be retried')
    await dead.waitFor((records) => records.length === 1, 'the dead letter')
    await first.waitForLog(
      ({ msg, albumId, attempt }) => msg.startsWith('album will') && albumId === 'retried' && Number(attempt) >= 4,
    )
    const second = startSecond(scenario)
    await second.waitForLog('service running')
    amazon.behave({ delayMs: 3_000, times: 2, when: (query) => query.includes('Nevermind') })
    await publish(anAlbum('3'), anAlbum('4'), anAlbum('5'))
    await first.waitForLog(({ msg, albumId }) => msg === 'album enrichment started' && albumId === '3')
    first.signal('SIGKILL')
    await publish(anAlbum('6'))
    await results.waitFor((records) => records.length >= 7, 'all results', 60_000)

    const keys = (await results.readToEnd()).map(({ key }) => key).sort()
    expect(keys).toEqual(['1', '2', '3', '4', '5', '6', 'retried'])
    expect((await dead.readToEnd()).map(({ key }) => key)).toEqual(['untitled'])
    expect(second.logs.filter(({ level }) => level === 'error')).toEqual([])
    // Each reads what the other has stored.
    const told = JSON.parse((await runVerb(env, 'show', '3', '--json')).output)
    expect(told).toMatchObject({ requests: [{ decision: 'result' }], waiting: [] })
    expect(await second.stop()).toBe(0)
  })
})
