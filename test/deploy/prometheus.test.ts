import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findFreePort } from '../stack/free-port.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { CHART, lacks, runTool } from './tools.ts'

interface Panel {
  title: string
  description: string
  fieldConfig: { defaults: { unit: string } }
  targets: { expr: string }[]
}

const panels: Panel[] = JSON.parse(readFileSync(join(CHART, 'dashboards/is-it-flowing.json'), 'utf8')).panels
/** A model's bad answers after which an album leaves the lane for a retry tier. */
const QUICK_TRIES = 4
const rules = join(CHART, 'alerts/album-enricher.yaml')

/** Prometheus on a free port, scraping every second. */
async function startPrometheus(target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  const port = await findFreePort()
  const config = join(folder, 'prometheus.yml')
  const job = { job_name: 'album-enricher', static_configs: [{ targets: [target] }] }
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [job],
    }),
  )
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  )
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return `http://127.0.0.1:${port}`
}

/** What Prometheus's API answers; undefined while it does not. */
async function ask<T>(prometheus: string, path: string): Promise<T | undefined> {
  const response = await fetch(`${prometheus}/api/v1/${path}`).catch(() => undefined)
  return response && ((await response.json()) as { data?: T }).data
}

/** Series in which a panel shows something, over the time since `start`, in seconds since 1970, as Grafana asks for them. */
async function countSeries(prometheus: string, expr: string, start: number): Promise<number> {
  const range = new URLSearchParams({ query: expr, start: String(start), end: String(Date.now() / 1_000), step: '1' })
  const answer = await ask<{ result: unknown[] }>(prometheus, `query_range?${range}`)
  return answer?.result.length ?? 0
}

describe.skipIf(lacks('prometheus', 'promtool', 'python'))('monitoring', () => {
  test('every panel of the dashboard shows something of a running service, and its metrics are clean', async () => {
    const { start, publish, amazon, model, results, dead } = await createScenario({
      ARTWORK: 'link',
      MODEL_USE: 'always',
      RETRY_DELAYS: '1s,10m',
    })
    const startedAt = Date.now() / 1_000
    const service = start()
    const { port } = await service.waitForLog('service starting')
    const prometheus = await startPrometheus(`127.0.0.1:${port}`)
    const seen = (expr: string) =>
      countSeries(prometheus, expr.replaceAll(/\$(namespace|release|lane)/g, '.*'), startedAt)

    // The lane is held, and goes on; an album fails until it is sent to a retry tier; another is given up.
    amazon.behave(trouble.notEligible())
    await publish(anAlbum('1'))
    await expect.poll(() => seen('album_enricher_lane_held{cause="AMAZON_NOT_ELIGIBLE"} == 1')).toBe(1)
    amazon.reset()
    await results.waitFor((records) => records.length === 1, 'the result')
    model.behave({ status: 500, body: {}, times: QUICK_TRIES })
    await publish(anAlbum('2'), anAlbum('3', { title: '' }))
    await results.waitFor((records) => records.length === 2, 'the result of the retry')
    await dead.waitFor((records) => records.length === 1, 'the dead letter')
    // Rates need two scrapes in which something happened.
    let album = 10
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const shown = async () => {
          album += 1
          await publish(anAlbum(String(album)))
          return await seen(expr)
        }
        await expect.poll(shown, { message: `${title}: ${expr}`, interval: 1_000 }).toBeGreaterThan(0)
      }
    }
    // Of the alerts only the one about the dead letter has something to say.
    const firing = async () => {
      const answer = await ask<{ groups: { rules: { name: string; state: string; health: string }[] }[] }>(
        prometheus,
        'rules',
      )
      const loaded = answer?.groups.flatMap((group) => group.rules) ?? []
      expect(loaded.map(({ health }) => health)).toEqual(loaded.map(() => 'ok'))
      return loaded.filter(({ state }) => state === 'firing').map(({ name }) => name)
    }
    await expect.poll(firing).toEqual(['AlbumEnricherDeadLetters'])

    const folder = mkdtempSync(join(tmpdir(), 'metrics-'))
    writeFileSync(join(folder, 'metrics'), (await service.get('/metrics')).text)
    const own = `grep -E '^(# (HELP|TYPE) )?album_enricher' ${folder}/metrics | promtool check metrics`
    expect(await runTool('bash', ['-c', own])).toBe('')
    const scraped = await ask<string[]>(prometheus, 'label/__name__/values')
    const named = new Set(readFileSync(rules, 'utf8').match(/album_enricher_\w+/g))
    expect([...named].filter((name) => !scraped?.includes(name))).toEqual([])
    rmSync(folder, { recursive: true })
  })

  test('every panel asks a question, explains itself and has a unit', () => {
    for (const { title, description, fieldConfig } of panels)
      expect([title, title.endsWith('?'), description.length > 10, fieldConfig.defaults.unit]).toEqual([
        title,
        true,
        true,
        expect.stringMatching(/^\w+$/),
      ])
  })

  test("Grafana's own types know all that the dashboards say", async () => {
    const files = readdirSync(join(CHART, 'dashboards')).map((file) => join(CHART, 'dashboards', file))
    expect(await runTool('python', ['test/deploy/read-dashboards.py', ...files])).toBe('')
  })
})
