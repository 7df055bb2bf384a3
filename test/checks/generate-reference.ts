import { ERROR_CODES } from '../../src/errors.ts'
import { registry } from '../../src/metrics.ts'

/** The runbooks' table of error codes. */
export function generateCodeTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  return ['| code | what it means |', '|---|---|', ...rows].join('\n')
}

/** What prom-client knows of a metric and does not declare. */
interface Declared {
  name: string
  help: string
  labelNames: string[]
}

/** The runbooks' table of our own metrics. */
export function generateMetricTable(): string {
  const own = (registry.getMetricsAsArray() as unknown as Declared[]).filter(({ name }) => name.startsWith('album_'))
  const rows = own.map((metric) => {
    const labels = metric.labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${metric.name}\` | ${metric.constructor.name.toLowerCase()} | ${labels} | ${metric.help} |`
  })
  return ['| metric | kind | labels | what it tells |', '|---|---|---|---|', ...rows].join('\n')
}
