import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startStack } from './start-stack.ts'

/** `npm run stack -- [--env-file F]`: the servers, until Ctrl-C. Their addresses go to F, or to standard output. */
async function runStack(): Promise<void> {
  const { values } = parseArgs({ options: { 'env-file': { type: 'string' } } })
  const began = performance.now()
  const stack = await startStack({ onProgress: (line) => console.error(line) })
  const settings: Record<string, string> = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    // A database of the user's own is used as it is; ours would otherwise share the administrator's.
    DATABASE_URL: stack.postgres ? await stack.createDatabase('album_enricher') : stack.databaseUrl,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  const file = values['env-file']
  if (file) writeFileSync(file, lines.join(''))
  else process.stdout.write(lines.join(''))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.error(`the stack is up after ${seconds} s${file ? `, its addresses are in ${file}` : ''}; Ctrl-C stops it`)
  await stopSignal()
  await stack.stop()
}

function stopSignal(): Promise<void> {
  const forever = setInterval(() => {}, 2 ** 30)
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(forever)
        resolve()
      })
    }
  })
}

try {
  await runStack()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
