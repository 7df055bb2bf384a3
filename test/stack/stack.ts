import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startDemoServers } from '../demo/demo-servers.ts'
import { readBrokers } from './kafka.ts'

/**
 * `npm run stack -- [--env-file F] [--brokers 3]`: the servers and stand-ins, until Ctrl-C. Their settings go to F, or to
 * standard output.
 */
async function runStack(): Promise<void> {
  const { values } = parseArgs({
    options: { 'env-file': { type: 'string' }, brokers: { type: 'string', default: '1' } },
  })
  const began = performance.now()
  const servers = await startDemoServers((line) => console.error(line), readBrokers(values.brokers))
  const lines = Object.entries(servers.env).map(([name, value]) => `${name}=${value}\n`)
  const file = values['env-file']
  if (file) writeFileSync(file, lines.join(''))
  else process.stdout.write(lines.join(''))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.error(`the stack is up after ${seconds} s${file ? `, its settings are in ${file}` : ''}; Ctrl-C stops it`)
  await stopSignal()
  await servers.stop()
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
