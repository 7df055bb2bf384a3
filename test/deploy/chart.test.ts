import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROLES } from '../../src/roles.ts'
import { SETTINGS } from '../../src/settings.ts'
import { CHART, lacks, ROOT, runTool } from './tools.ts'

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

  test('runs restricted, with secrets by reference, and gives a stop its time', async () => {
    const manifests = await template(...valuesOf('default-values.yaml'))
    // The deployment's pod and the setup job's.
    for (const line of [
      'runAsNonRoot: true',
      'readOnlyRootFilesystem: true',
      'allowPrivilegeEscalation: false',
      'drop: [ALL]',
      'type: RuntimeDefault',
      'automountServiceAccountToken: false',
    ])
      expect([line, manifests.split(line).length - 1]).toEqual([line, 2])
    for (const [name, entry] of Object.entries(SETTINGS))
      if ('secret' in entry) expect(manifests).not.toMatch(new RegExp(`name: ${name}\\n +value:`))
    expect(manifests).toContain(
      `terminationGracePeriodSeconds: ${Number(SETTINGS.SHUTDOWN_TIMEOUT_SECONDS.default) + 5}`,
    )
    expect(manifests).toContain(`containerPort: ${SETTINGS.METRICS_PORT.default}`)
    expect(await template(...valuesOf('all-settings-values.yaml'))).toContain('terminationGracePeriodSeconds: 95')
  })

  test("runs as the image's user, or as whom the platform says", async () => {
    const ids = async (ofPod: Record<string, number | null>) => {
      const more = ['--set-json', `podSecurityContext=${JSON.stringify(ofPod)}`]
      const manifests = await template(...valuesOf('default-values.yaml'), ...more)
      return manifests.match(/(?<=^ +)(runAs(User|Group)|fsGroup): .*/gm) ?? []
    }
    const own = ['runAsUser: 1000', 'runAsGroup: 1000', 'fsGroup: 1000']
    expect(await ids({})).toEqual([...own, ...own])
    expect(await ids({ runAsUser: null, runAsGroup: null, fsGroup: null })).toEqual([])
    const given = ['runAsUser: 1000680000', 'runAsGroup: 0']
    expect(await ids({ runAsUser: 1_000_680_000, runAsGroup: 0, fsGroup: null })).toEqual([...given, ...given])
    await expect(ids({ runAsUser: 0 })).rejects.toThrow(/runAsUser/)
  })

  test('gives service and setup the variables, volumes and authorities of a platform, and no policy unless asked', async () => {
    const secured = await template(...valuesOf('secured-values.yaml'))
    for (const line of [
      'mountPath: /etc/tls',
      'secretName: kafka-tls',
      'name: company-ca',
      'value: /etc/album-enricher/ca/bundle.pem',
      'serviceAccountName: x-album-enricher',
    ])
      expect([line, secured.split(line).length - 1]).toEqual([line, 2])
    expect(secured).toContain('image: "registry.example.com/album-enricher@sha256:e3b0')
    expect(secured).toMatch(/kind: NetworkPolicy[\s\S]*port: 9464/)
    const byDefault = await template(...valuesOf('default-values.yaml'))
    expect(byDefault).not.toMatch(/NetworkPolicy|kind: ServiceAccount/)
    expect(byDefault).toContain('memory: 512Mi')
    const both = template(...valuesOf('secured-values.yaml'), '--set', 'caBundle.secret=other')
    await expect(both).rejects.toThrow(/caBundle: names a configMap and a secret/)
  })

  test("lets the setup job out by the service's rules before anything else is installed", async () => {
    const policies = async (...more: string[]) => {
      const manifests = (await template(...valuesOf('secured-values.yaml'), ...more)).split(/^---$/m)
      return manifests.filter((manifest) => manifest.includes('kind: NetworkPolicy'))
    }
    const all = await policies()
    const [hook = ''] = all.filter((policy) => policy.includes('helm.sh/hook: pre-install,pre-upgrade\n'))
    expect(hook).toMatch(/hook-weight: "-5"\n[\s\S]*podSelector:[\s\S]*component: setup\n[\s\S]*- Egress\n/)
    const rules = all.map((policy) => policy.split('\n  egress:')[1]?.trim())
    expect(rules).toEqual([rules[0], rules[0]])
    expect(rules[0]).toContain('cidr: 10.0.0.0/8')
    // Where nothing keeps it in it needs none, and where there is no job nobody does.
    for (const off of ['networkPolicy.egress=null', 'setup.enabled=false'])
      expect([off, (await policies('--set', off)).length]).toEqual([off, 1])
  })

  test('gives setup credentials of its own where there are some, and the service never those', async () => {
    const secured = await template(...valuesOf('secured-values.yaml'))
    const [service = '', job = ''] = ['kind: Deployment', 'kind: Job'].map(
      (kind) => secured.split(/^---$/m).find((manifest) => manifest.includes(kind)) ?? '',
    )
    const sources = (manifest: string, name: string) =>
      [
        ...manifest.matchAll(
          new RegExp(`- name: ${name}(?:_FILE)?\\n +(?:value: (.*)|valueFrom:\\n.*\\n +name: (.*))`, 'g'),
        ),
      ].map(([, value, secret]) => value ?? secret)
    const names = ['DATABASE_URL', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', 'SCHEMA_REGISTRY_PASSWORD']
    expect(names.map((name) => sources(service, name))).toEqual([
      ['album-enricher'],
      ['"enricher"'],
      ['"/etc/tls/kafka-password"'],
      ['album-enricher'],
    ])
    const own = ['album-enricher-setup']
    expect(names.map((name) => sources(job, name))).toEqual([own, own, own, ['album-enricher']])
    expect(service).not.toContain('album-enricher-setup')
  })

  test('gives setup credentials of its own also where the service has its from extraEnv', async () => {
    const extra = {
      DATABASE_URL: 'postgresql://db/x',
      KAFKA_SASL_USERNAME_FILE: '/etc/tls/user',
      NODE_ENV: 'production',
    }
    const extraEnv = JSON.stringify(Object.entries(extra).map(([name, value]) => ({ name, value })))
    const manifests = await template(...valuesOf('secured-values.yaml'), '--set-json', `extraEnv=${extraEnv}`)
    const given = (kind: string) => {
      const manifest = manifests.split(/^---$/m).find((one) => one.includes(`kind: ${kind}\n`)) ?? ''
      const variables = [...manifest.matchAll(/- name: (\w+)\n +(value\w*):/g)].map(([, name, by]) => `${name} ${by}`)
      return variables.filter((one) => /^(DATABASE_URL|KAFKA_SASL_USERNAME|NODE_ENV)/.test(one)).sort()
    }
    expect(given('Deployment')).toEqual(expect.arrayContaining(Object.keys(extra).map((name) => `${name} value`)))
    expect(given('Job')).toEqual(['DATABASE_URL valueFrom', 'KAFKA_SASL_USERNAME valueFrom', 'NODE_ENV value'])
  })

  test('lets setup register the schemas, unless a pipeline does', async () => {
    const args = async (...more: string[]) =>
      (await template(...valuesOf('default-values.yaml'), ...more)).match(/args: \[setup.*/g)
    expect(await args()).toEqual(['args: [setup]'])
    // As of a release from before there was this value.
    expect(await args('--set', 'setup.registers=null')).toEqual(['args: [setup]'])
    expect(await args('--set', 'setup.registers=false')).toEqual(['args: [setup, --no-register]'])
  })

  test('gives workers the store that is named, also where images are only linked by now', async () => {
    const mounting = async (...args: string[]) => {
      const pods = (await template(...args)).split(/^---$/m).filter((manifest) => /name: artwork\n/.test(manifest))
      return pods.map((pod) => [pod.match(/component: (.*)/)?.[1], pod.match(/claimName: .*|emptyDir: .*/)?.[0]])
    }
    const linking = valuesOf('artwork-link-values.yaml')
    expect(await mounting(...linking)).toEqual([])
    expect(await mounting(...linking, '--set', 'artwork.existingClaim=kept')).toEqual([['all', 'claimName: kept']])
    expect(await mounting(...valuesOf('artwork-empty-dir-values.yaml'))).toEqual([['all', 'emptyDir: {}']])
    const apart = await mounting(...valuesOf('roles-apart-values.yaml'), '--set', 'settings.ARTWORK=off')
    expect(apart).toEqual([['worker', 'claimName: album-artwork']])
  })

  test('gives every role a second pod, whether apart or together, and refuses to leave one out', async () => {
    const together = await template(...valuesOf('default-values.yaml'))
    expect(together).toContain('args: ["run","intake","worker","relay"]')
    expect(together.match(/^ +replicas: .*/gm)).toEqual(['  replicas: 2'])
    const apart = (...more: string[]) => template(...valuesOf('roles-apart-values.yaml'), ...more)
    const replicas = async (...more: string[]) => (await apart(...more)).match(/^ +replicas: .*/gm)
    expect(await replicas()).toEqual(['  replicas: 3', '  replicas: 2', '  replicas: 2'])
    expect(await replicas('--set', 'deployments.worker.replicas=0')).toContain('  replicas: 0')
    await expect(apart('--set', 'deployments.relay.roles={worker}')).rejects.toThrow(/none has the role relay/)
  })

  test('lets a node be drained of one pod at a time, and of a lone pod at once', async () => {
    const budgets = async (...more: string[]) =>
      (await template(...valuesOf('default-values.yaml'), ...more)).split('kind: PodDisruptionBudget').slice(1)
    const [budget, ...others] = await budgets()
    expect(budget).toMatch(/maxUnavailable: 1\n[\s\S]*component: all\n/)
    expect(others).toEqual([])
    expect(await budgets('--set', 'deployments.all.replicas=1')).toEqual([])
  })

  test('selects pods by nothing that an upgrade changes', async () => {
    const manifests = await template(...valuesOf('monitoring-values.yaml'))
    const selectors = [...manifests.matchAll(/^ *(?:selector|matchLabels):\n((?: +\S+\/\S+: .*\n)+)/gm)]
    // The deployment, its budget, the service and the ServiceMonitor.
    expect(selectors.length).toBe(4)
    const names = selectors.flatMap(([, labels]) => [...(labels ?? '').matchAll(/^ +(\S+):/gm)].map((name) => name[1]))
    expect([...new Set(names)].sort()).toEqual(
      ['component', 'instance', 'name'].map((name) => `app.kubernetes.io/${name}`),
    )
  })
})

const isDelays = (text: string) => SETTINGS.RETRY_DELAYS.schema.safeParse(text).success

interface Bounds {
  enum?: unknown[]
  minimum?: number
  maximum?: number
  anyOf?: Bounds[]
}

describe("the chart's schema", () => {
  const { properties } = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))
  const settings: Record<string, Bounds> = properties.settings.properties

  test('knows every setting, and lets secrets be given by reference alone', () => {
    const secrets = Object.keys(properties.secrets.properties)
    expect([...new Set([...Object.keys(settings), ...secrets])].sort()).toEqual(Object.keys(SETTINGS).sort())
    const hidden = Object.entries(SETTINGS).flatMap(([name, entry]) => ('secret' in entry ? [name] : []))
    expect(secrets).toEqual(expect.arrayContaining(hidden))
    expect(Object.keys(settings).filter((name) => hidden.includes(name))).toEqual([])
  })

  test('draws the bounds where the service draws them', () => {
    for (const [name, entry] of Object.entries(SETTINGS)) {
      const takes = (value: unknown) => [name, value, entry.schema.safeParse(String(value)).success]
      const given = settings[name] ?? {}
      for (const bounds of [given, ...(given.anyOf ?? [])]) {
        for (const value of bounds.enum ?? []) expect(takes(value)).toEqual([name, value, true])
        for (const [edge, beyond] of [
          // A pod cannot be probed at a port taken by chance, nor may its user take one below 1024.
          name === 'METRICS_PORT' ? [bounds.minimum] : [bounds.minimum, (bounds.minimum ?? 0) - 1],
          [bounds.maximum, (bounds.maximum ?? 0) + 1],
        ]) {
          if (edge === undefined) continue
          expect(takes(edge)).toEqual([name, edge, true])
          if (beyond !== undefined) expect(takes(beyond)).toEqual([name, beyond, false])
        }
      }
    }
  })

  test('takes delays of retries as the service writes them, and nothing that it would refuse', () => {
    const pattern = new RegExp((settings.RETRY_DELAYS as { pattern: string }).pattern)
    for (const good of [String(SETTINGS.RETRY_DELAYS.default), '5s', ' 1m , 2m ', '1s,2s,3s,4s,5s,6s,7s,8s,9s,10s'])
      expect([good, pattern.test(good), isDelays(good)]).toEqual([good, true, true])
    for (const bad of ['', '1m,', '0s', '1d', '1.5h', '1234567s', '1s,2s,3s,4s,5s,6s,7s,8s,9s,10s,11s'])
      expect([bad, pattern.test(bad), isDelays(bad)]).toEqual([bad, false, false])
  })

  test('knows the roles that there are, and the chart is of this version of the service', () => {
    expect(properties.deployments.additionalProperties.properties.roles.items.enum).toEqual([...ROLES])
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')).toMatch(new RegExp(`^appVersion: ${version}$`, 'm'))
  })
})
