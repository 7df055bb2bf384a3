import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Setting } from '../../src/setting.ts'
import { SETTINGS } from '../../src/settings.ts'

type Json = Record<string, unknown>

/** Where the chart is narrower than the service, or its values may be numbers where the service reads text. */
const OWN: Record<string, Json> = {
  ARTWORK_STORE: { type: 'string', pattern: '^/' },
  METRICS_PORT: {
    description: 'From 1024 on: the user is not root.',
    type: 'integer',
    minimum: 1_024,
    maximum: 65_535,
  },
  AMAZON_CREDENTIAL_VERSION: {
    description: 'As text in quotation marks or as a number.',
    enum: ['2.1', '2.2', '2.3', '3.1', '3.2', '3.3', 2.1, 2.2, 2.3, 3.1, 3.2, 3.3],
  },
  RETRY_DELAYS: {
    description: '1 to 10 delays, which the service wants ascending.',
    type: 'string',
    pattern: '^ *[1-9][0-9]{0,5}[smh] *(, *[1-9][0-9]{0,5}[smh] *){0,9}$',
  },
}

/** helm/album-enricher/values.schema.json: as it is, with the settings that the service takes. */
export function generateChartSchema(root: string): string {
  const schema = JSON.parse(readFileSync(join(root, 'helm/album-enricher/values.schema.json'), 'utf8'))
  const { settings, secrets } = schema.properties
  const all = Object.entries<Setting>(SETTINGS)
  settings.properties = Object.fromEntries(
    all.flatMap(([name, entry]) => (entry.secret ? [] : [[name, boundsOf(name, entry)]])),
  )
  // A file's path is no secret, also where its content is one.
  settings.patternProperties = { '^[A-Z_]+_FILE$': { type: 'string', pattern: '^/' } }
  secrets.properties = Object.fromEntries(all.map(([name]) => [name, { $ref: '#/definitions/secretReference' }]))
  return `${JSON.stringify(schema, null, 2)}\n`
}

function boundsOf(name: string, { schema }: Setting): Json {
  const own = OWN[name]
  if (own !== undefined) return own
  const read = (io: 'input' | 'output') => {
    const { $schema: _, ...bounds } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
    return bounds
  }
  const bounds = read('output')
  // What becomes a list is given as text.
  const { format, ...rest } = Object.keys(bounds).length > 0 ? bounds : read('input')
  return format === 'uri' ? { ...rest, pattern: '^https?://' } : rest
}
