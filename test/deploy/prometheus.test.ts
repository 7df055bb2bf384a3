import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findFreePort } from '../stack/free-port.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { CHART, lacks, runTool } from './tools.ts'

interface Panel {
  title: string
  description: string
  targets: { expr: string }[]
}

const panels: Panel[] = JSON.parse(readFileSync(join(CHART, 'dashboards/is-it-flowing.json'), 'utf8')).panels
const rules = join(CHART, 'alerts/album-enricher.yaml')

/** Prometheus on a free port, scraping every second. */
async function startPrometheus(target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  const port = await findFreePort()
  const config = join(folder, 'prometheus.yml')
  const job = { job_name: 'album-enricher', static_configs: [{ targets: [target] }] }
  writeFileSync(
    config,
    JSON.stringify({ global: { scrape_interval: '1s' }, rule_files: [rules], scrape_configs: [job] }),
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

async function query(prometheus: string, expr: string): Promise<unknown[]> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`).catch(() => undefined)
  const body = (await response?.json()) as { data?: { result: unknown[] } } | undefined
  return body?.data?.result ?? []
}

describe.skipIf(lacks('prometheus', 'promtool'))('monitoring', () => {
  test('every panel of the dashboard shows something of a running service, and its metrics are clean', async () => {
    const { start, publish, results, dead } = await createScenario({ ARTWORK: 'link' })
    const service = start()
    await publish(anAlbum('1'), anAlbum('2', { title: '' }))
    await results.waitFor((records) => records.length === 1, 'the result')
    await dead.waitFor((records) => records.length === 1, 'the dead letter')
    const { port } = await service.waitForLog('service starting')
    const prometheus = await startPrometheus(`127.0.0.1:${port}`)
    // Rates need two scrapes in which something happened.
    let album = 10
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const shown = async () => {
          album += 1
          await publish(anAlbum(String(album)))
          return (await query(prometheus, expr)).length
        }
        await expect.poll(shown, { message: `${title}: ${expr}`, timeout: 40_000, interval: 1_000 }).toBeGreaterThan(0)
      }
    }
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'))
    writeFileSync(join(folder, 'metrics'), (await service.get('/metrics')).text)
    const own = `grep -E '^(# (HELP|TYPE) )?album_enricher' ${folder}/metrics | promtool check metrics`
    expect(await runTool('bash', ['-c', own])).toBe('')
    const { text } = await service.get('/metrics')
    const named = new Set(readFileSync(rules, 'utf8').match(/album_enricher_\w+/g))
    expect([...named].filter((name) => !text.includes(`\n${name}`))).toEqual([])
    rmSync(folder, { recursive: true })
  }, 120_000)

  test('every panel asks a question and explains itself', () => {
    for (const { title, description } of panels)
      expect([title.endsWith('?'), description.length > 10]).toEqual([true, true])
  })

  test('the alerts fire when they must and not otherwise, and each has its runbook', async () => {
    await runTool('promtool', ['check', 'rules', rules])
    await runTool('promtool', ['test', 'rules', join(CHART, 'alerts/tests.yaml')])
    const runbooks = readFileSync(join(CHART, 'RUNBOOKS.md'), 'utf8')
    const alerts = [...readFileSync(rules, 'utf8').matchAll(/alert: (\w+)/g)].map((match) => match[1])
    expect(alerts.filter((name) => !runbooks.includes(`## ${name}\n`))).toEqual([])
  })
})
