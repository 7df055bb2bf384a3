import { formatTable } from '../../src/ops/format-table.ts'
import type { Surroundings } from './bench-stack.ts'
import type { IdleSummary } from './idle-bench.ts'
import type { IntakeSummary } from './intake-bench.ts'
import type { LaneSummary } from './lane-figures.ts'
import type { Load } from './usage.ts'

export function printLane(summary: LaneSummary, print: (text: string) => void): void {
  const { latencyMs } = summary
  const rows = [
    ['Amazon requests a second, allowed', String(summary.allowedRate)],
    ['... sustained', `${summary.sustainedRate} (${(summary.utilisation * 100).toFixed(2)} %)`],
    ['early', String(summary.early)],
    ['albums a second, import to result', String(summary.albumsPerSecond)],
    ['CPU s per 1,000 albums: service', String(summary.cpuSecondsPer1000)],
    ['... PostgreSQL', String(summary.postgresCpuSecondsPer1000 ?? 'not ours')],
    ['... Kafka', String(summary.kafkaCpuSecondsPer1000 ?? 'not ours')],
    ['... all three', String(summary.cpuSecondsPer1000WithServers ?? 'not known')],
    ['CPU s for starting', String(summary.startCpuSeconds)],
    ['peak memory of the service, MB', String(summary.peakRssMb)],
    ['transactions per album', `${summary.transactionsPerAlbum} (${summary.transactionsPerSecond} a second)`],
    ['statements per album', String(summary.statementsPerAlbum ?? 'pg_stat_statements is not loaded')],
  ]
  print(
    `\n${summary.albums} albums, artwork ${summary.artwork}; Amazon ${latencyMs.amazon} ms, model ${latencyMs.model} ms` +
      `${summary.modelTail ? ' with a long tail' : ''}, image host ${latencyMs.image} ms, ${summary.imageBytes} bytes an image`,
  )
  print(`\n${formatTable(['measured', 'value'], rows)}`)
  const parts = summary.parts.map((part) => [part.albums, part.albumsPerSecond, part.cpuSecondsPer1000].map(String))
  print(`\n${formatTable(['up to album', 'albums/s', 'CPU s per 1,000'], parts)}`)
  const busiest = summary.busiestStatements.map(({ callsPerAlbum, msPerAlbum, text }) => [
    String(callsPerAlbum),
    String(msPerAlbum),
    text.slice(0, 90),
  ])
  if (busiest.length > 0) print(`\n${formatTable(['an album', 'ms an album', 'busiest statements'], busiest)}`)
  printSurroundings(summary, print)
}

export function printIntake(summary: IntakeSummary, print: (text: string) => void): void {
  const rows = [
    ['intake', String(summary.recordsPerSecond), String(summary.cpuSecondsPer1000), String(summary.peakRssMb)],
    ['bare KafkaJS loop', String(summary.rawRecordsPerSecond), String(summary.rawCpuSecondsPer1000), ''],
  ]
  print(`\n${formatTable([`${summary.records} records`, 'records/s', 'CPU s per 1,000', 'peak MB'], rows)}`)
  print(`ratio ${summary.ratio}`)
  printSurroundings(summary, print)
}

export function printIdle(summary: IdleSummary, print: (text: string) => void): void {
  const shown = (percent: number | null) => (percent === null ? 'not ours' : `${percent} %`)
  const rows = [
    ['service, all roles', shown(summary.servicePercent)],
    ['Kafka', shown(summary.kafkaPercent)],
    ['PostgreSQL', shown(summary.postgresPercent)],
  ]
  print(`\n${formatTable([`idle for ${summary.seconds} s`, 'of a core'], rows)}`)
  print(`peak memory of the service ${summary.peakRssMb} MB`)
  printSurroundings(summary, print)
}

function printSurroundings(
  summary: Surroundings & { load: Load; mistakes: string[] },
  print: (text: string) => void,
): void {
  const { load } = summary
  const versions = Object.entries(summary.versions).map(([name, version]) => `${name} ${version}`)
  print(
    `\n${load.busy} of ${load.cores} cores busy, ${load.others} of them with something else; load average ${load.loadAverage}`,
  )
  print(`${summary.machine}; ${versions.join(', ')}; ${summary.date}`)
  for (const mistake of summary.mistakes) print(`NOT AS MEANT: ${mistake}`)
}
