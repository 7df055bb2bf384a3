import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import type { ServiceProcess } from '../stack/service-process.ts'

/** Of every partition that the service follows; NaN until it has looked. */
async function sumOfLag(service: ServiceProcess): Promise<number> {
  const text = await service.metrics()
  const values = [...text.matchAll(/^album_enricher_consumer_lag_records\{.*\} (\d+)$/gm)].map((match) =>
    Number(match[1]),
  )
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0)
}

/** Tells in the process's output which packages it loads. */
const TELL_PACKAGES = `
  import { registerHooks } from 'node:module'
  const told = new Set()
  registerHooks({
    load(url, context, next) {
      const [, name] = url.match(/node_modules.((?:@[^/]+.)?[^/]+)/) ?? []
      if (name !== undefined && !told.has(name)) console.error('loads ' + name)
      told.add(name)
      return next(url, context)
    },
  })`

test('an imported album comes out enriched, once, with links and prices', async () => {
  const { start, publish, results, dead, env, amazon } = await createScenario({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_PACKAGES)}`,
  })
  const service = start()
  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length > 0, 'the result')
  // Transaction markers take offsets too, and must not look like work that waits.
  await expect.poll(() => sumOfLag(service), { interval: 1_000 }).toBe(0)
  expect(await service.stop()).toBe(0)

  const [record, ...more] = await results.readToEnd()
  expect(more).toEqual([])
  expect(record?.key).toBe('1')
  expect(record?.event).toMatchObject({
    albumId: '1',
    title: 'Nevermind',
    outcome: 'matched',
    reason: 'imported',
    run: 1,
    attempts: 1,
    marketplace: 'www.amazon.ca',
    source: { topic: env.TOPIC_IMPORTED },
  })
  const [link] = record?.event.links ?? []
  expect(link).toMatchObject({ currency: 'CAD', decidedBy: expect.stringMatching(/rules|model/) })
  expect(Number.isInteger(link.priceMinor)).toBe(true)
  expect(link.url).toContain('tag=example-20')
  expect(await dead.readToEnd()).toEqual([])
  expect(amazon.early).toBe(0)
  // MikroORM is a fifth of a start, and the commands'.
  expect(service.output).toContain('loads pg')
  expect(service.output.filter((line) => line.includes('mikro-orm'))).toEqual([])
})

test('the same album published twice gives two results and doubles no link', async () => {
  const { start, publish, results } = await createScenario()
  const service = start()
  await publish(anAlbum('1'), anAlbum('1'))
  await results.waitFor((records) => records.length >= 2, 'two results')
  expect(await service.stop()).toBe(0)

  const [first, second, ...more] = await results.readToEnd()
  expect(more).toEqual([])
  expect(second?.event.requestId).not.toBe(first?.event.requestId)
  const asins = second?.event.links.map(({ asin }: { asin: string }) => asin)
  expect(asins).toEqual(first?.event.links.map(({ asin }: { asin: string }) => asin))
  expect(new Set(asins).size).toBe(asins.length)
  expect(second?.event.withdrawnAsins).toEqual([])
})
