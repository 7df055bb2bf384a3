import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { DEADLY_TEXT } from '../stack/faults/die-of-a-record.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'

// The broker misses each killed process only after its session.
vi.setConfig({ testTimeout: 400_000 })

const FAULT = fileURLToPath(new URL('../stack/faults/die-of-a-record.ts', import.meta.url))

test.each(['intake', 'worker'])(
  'a record that kills %s while it is decoded is a pointer after the third death, and those behind it go on',
  async (role) => {
    const { env, start, publish, results, dead } = await createScenario()
    if (role === 'worker') {
      // It comes to the worker as a request, past an intake that does not die of it.
      const intake = start('intake')
      await publish(anAlbum('before'), anAlbum('deadly', { title: DEADLY_TEXT }), anAlbum('behind'))
      await expect
        .poll(async () => (await intake.get('/metrics')).text, { timeout: 60_000 })
        .toMatch(/lag_records\{[^}]*imported[^}]*\} 0/)
      expect(await intake.stop()).toBe(0)
    }
    const others = role === 'intake' ? [start('worker')] : []
    env.NODE_OPTIONS = `--import ${FAULT}`
    if (role === 'intake')
      await publish(anAlbum('before'), anAlbum('deadly', { title: DEADLY_TEXT }), anAlbum('behind'))
    const isOver = dead.waitFor((records) => records.length > 0, 'the pointer', 300_000).then(() => 'over')
    let service = start(role)
    let deaths = 0
    while ((await Promise.race([isOver, service.exited()])) !== 'over') {
      deaths += 1
      service = start(role)
    }
    await results.waitFor((records) => records.length >= 2, 'the others', 60_000)
    for (const one of [service, ...others]) expect(await one.stop(), one.tail()).toBe(0)
    expect(deaths).toBe(3)
    const [pointer, ...more] = await dead.readToEnd()
    expect(more).toEqual([])
    expect(pointer).toMatchObject({
      key: 'deadly',
      value: null,
      headers: {
        'enricher-error-code': 'CRASHED_DECODER',
        'enricher-stage': role,
        'enricher-value-bytes': expect.stringMatching(/^\d+$/),
        'enricher-value-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
    expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(['before', 'behind'])
  },
)
