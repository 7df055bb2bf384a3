import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHART, lacks, runTool } from './tools.ts'

/** helm built from source thinks of an old Kubernetes when it has no cluster to ask. */
const template = (...args: string[]) => runTool('helm', ['template', 'x', CHART, '--kube-version', '1.37.0', ...args])
const valuesOf = (file: string) => ['-f', join(CHART, 'ci', file)]

describe.skipIf(lacks('helm', 'kubernetes-validate'))('the chart', () => {
  test.each(readdirSync(join(CHART, 'ci')))(
    'passes a strict lint, and Kubernetes takes its manifests, with %s',
    async (file) => {
      await runTool('helm', ['lint', '--strict', '--kube-version', '1.37.0', CHART, ...valuesOf(file)])
      const manifests = await template(...valuesOf(file))
      expect(manifests).toContain('kind: Deployment')
      const folder = mkdtempSync(join(tmpdir(), 'chart-'))
      writeFileSync(join(folder, 'all.yaml'), manifests)
      await runTool('kubernetes-validate', ['--strict', join(folder, 'all.yaml')])
      rmSync(folder, { recursive: true })
    },
  )

  test('lists at once all that is missing, and refuses secrets in plain text and values that are none', async () => {
    await expect(template()).rejects.toThrow(
      /settings\.KAFKA_BROKERS: is not set[\s\S]*secrets\.DATABASE_URL: is not set/,
    )
    const set = (value: string) => template(...valuesOf('default-values.yaml'), '--set', value)
    await expect(set('settings.AMAZON_CREDENTIAL_SECRET=abc')).rejects.toThrow(/AMAZON_CREDENTIAL_SECRET/)
    await expect(set('replicas=3')).rejects.toThrow(/replicas/)
  })

  test('brings dashboards and alerts only when asked', async () => {
    const asked = await template(...valuesOf('monitoring-values.yaml'))
    expect(asked).toContain('alert: AlbumEnricherDeadLetters')
    expect(asked).toContain('is-it-flowing.json')
    expect(await template(...valuesOf('default-values.yaml'))).not.toContain('AlbumEnricherDeadLetters')
  })
})
