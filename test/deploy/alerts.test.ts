import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SETTINGS } from '../../src/settings.ts'
import { STORIES, type Story } from './stories.ts'
import { CHART, lacks, runTool } from './tools.ts'

const rules = join(CHART, 'alerts/album-enricher.yaml')
const cases = readFileSync(join(CHART, 'alerts/tests.yaml'), 'utf8')
const panels: { title: string; targets: { expr: string; legendFormat: string }[] }[] = JSON.parse(
  readFileSync(join(CHART, 'dashboards/is-it-flowing.json'), 'utf8'),
).panels

/** Another lane of the same release, in which all is well, for as long as any case lasts. */
const HEALTHY = {
  'lane_state{state="running"}': '1x1700',
  'lane_state{state="held"}': '0x1700',
  'lane_state{state="paused"}': '0x1700',
  'consumer_lag_records{group="us.intake", topic="us.imported", partition="0"}': '0x1700',
  'consumer_lag_records{group="us.worker", topic="us.enrichment", partition="0"}': '0x1700',
  'consumer_lag_records{group="us.relay", topic="us.retry.1m", partition="0"}': '0x1700',
  last_result_timestamp_seconds: '0+60x1700',
  'results_total{outcome="matched"}': '0+20x1700',
  'retries_total{tier="1m", code="MODEL_BAD_ANSWER"}': '0x1700',
  'dead_letters_waiting{code="AMAZON_INVALID_REQUEST"}': '0x1700',
}

/** The metric with the labels by which a scrape keeps lanes apart. */
function inLane(series: string, lane: string): string {
  const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? []
  return `${name}{namespace="shop", release="enricher", lane="${lane}"${labels === '' ? '' : `, ${labels}`}}`
}

const healthySeries = Object.entries(HEALTHY).map(([series, values]) => ({
  series: inLane(`album_enricher_${series}`, 'us'),
  values,
}))

/** Memory for time: collected at its own pace promtool takes 66 MB and a fifth more CPU. */
const testRules = (file: string) => runTool('promtool', ['test', 'rules', file], { GOGC: '800' })

async function runCases(text: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'alerts-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'tests.yaml'), text)
  await testRules(join(folder, 'tests.yaml'))
}

// promtool works through hours of minutes.
describe.skipIf(lacks('promtool'))('alerts', { timeout: 600_000 }, () => {
  test('they fire when they must and not otherwise, and each has its runbook', async () => {
    await runTool('promtool', ['check', 'rules', rules])
    await testRules(join(CHART, 'alerts/tests.yaml'))
    const runbooks = readFileSync(join(CHART, 'RUNBOOKS.md'), 'utf8')
    const alerts = new Set([...readFileSync(rules, 'utf8').matchAll(/alert: (\w+)/g)].map((match) => match[1]))
    expect([...alerts].filter((name) => !runbooks.includes(`## ${name}\n`))).toEqual([])
    expect(alerts.size).toBe(runbooks.match(/^## AlbumEnricher/gm)?.length)
  })

  test('a lane in which all is well silences nothing of another one, and is blamed for nothing', async () => {
    const moved = cases
      .replace('album-enricher.yaml', rules)
      .replaceAll(
        /series: (')?(album_enricher_\w+(?:\{[^}]*\})?)'?(?=,|\n)/g,
        (_, _quote, series) => `series: '${inLane(series, 'uk')}'`,
      )
      .replaceAll('exp_labels: {', 'exp_labels: { namespace: shop, release: enricher, lane: uk,')
      .replaceAll(
        'input_series:\n',
        `input_series:\n${healthySeries.map((one) => `      - ${JSON.stringify(one)}\n`).join('')}`,
      )
    expect(moved.match(/lane="uk"/g)?.length).toBe(cases.match(/series: /g)?.length)
    await runCases(moved)
  })

  test.each(STORIES)('$name is told by the alerts that it deserves, and by no panel wrongly', async (story) => {
    await runCases(JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests: [toCase(story)] }))
  })

  test('every metric that the rules ask for has braces, into which the chart puts its release', () => {
    const text = readFileSync(rules, 'utf8').replaceAll(/^ *#.*$/gm, '')
    expect(text.match(/album_enricher_\w+(?!\w|\{)/g)).toBe(null)
  })

  test('the one about overdue retries knows the tiers that there are unless somebody sets others', () => {
    const tiers = [...readFileSync(rules, 'utf8').matchAll(/retry\[\.\](\w+)"\} - (\d+)$/gm)]
    const asSetting = tiers.map(([, label, seconds]) => ({ label, delayMs: Number(seconds) * 1_000 }))
    expect(asSetting).toEqual(SETTINGS.RETRY_DELAYS.schema.parse(SETTINGS.RETRY_DELAYS.default))
  })
})

/** A story as promtool takes it. What is shown is asked for as text, so that its labels are one. */
function toCase({ series, alerts, panels: shown }: Story) {
  // Each is about one thing at most.
  const firing = 'label_join(ALERTS{alertstate="firing"}, "what", "", "code", "cause", "role", "topic")'
  const alertsAt = Object.entries(alerts).map(([minute, expected]) => ({
    expr: `sum by (about) (label_join(${firing}, "about", " ", "alertname", "what"))`,
    eval_time: `${minute}m`,
    exp_samples: expected.map((about) => ({ labels: `{about="${about}"}`, value: 1 })),
  }))
  const panelsAt = Object.entries(shown).flatMap(([title, looks]) =>
    looks.map(({ at, shows, roundTo = 1 }) => {
      const [target] = panels.find((panel) => panel.title === title)?.targets ?? []
      const expr =
        target?.expr.replaceAll(/\$(namespace|release)/g, '.*').replaceAll('$lane', 'uk') ?? `no panel ${title}`
      const names = [...(target?.legendFormat ?? '').matchAll(/\{\{(?!lane)(\w+)\}\}/g)].map((match) => match[1])
      const about = (names.length > 0 ? names : ['nothing']).map((name) => `"${name}"`).join(', ')
      return {
        expr: `sum by (about) (round(label_join((${expr}), "about", " ", ${about}), ${roundTo}))`,
        eval_time: `${at}m`,
        exp_samples: Object.entries(shows).map(([about, value]) => ({
          labels: about === '' ? '{}' : `{about="${about}"}`,
          value,
        })),
      }
    }),
  )
  return {
    interval: '1m',
    input_series: [
      ...Object.entries(series).map(([name, values]) => ({ series: inLane(name, 'uk'), values })),
      ...healthySeries,
    ],
    promql_expr_test: [...alertsAt, ...panelsAt],
  }
}
