import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createScenario } from '../stack/scenario.ts'

const python = `${process.env.PYTHON_VENV ?? ''}/bin/python`
const script = fileURLToPath(new URL('../foreign/kafka_client.py', import.meta.url))

// On a developer's machine without the virtual environment there is nothing to run; in CI that is a failure.
const isMissing = !existsSync(python) && process.env.CI !== 'true'

test.skipIf(isMissing).each([
  ['gzip', 100],
  ['snappy', 5],
  ['lz4', 5],
  ['zstd', 100],
])("Confluent's own client publishes with %s and gets one result for each of %i albums", async (compression, count) => {
  const { env, start } = await createScenario()
  const service = start()
  const args = [script, env.KAFKA_BROKERS, env.SCHEMA_REGISTRY_URL, env.TOPIC_IMPORTED, env.TOPIC_ENRICHED]
  const { stdout } = await promisify(execFile)(python, [...args, compression, '1', String(count)])
  expect(JSON.parse(stdout)).toEqual({ published: count, results: count, twice: 0, outcomes: { matched: count } })
  expect(await service.stop()).toBe(0)
})
