import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listFiles } from './list-files.ts'

/** From the bin down to the vocabulary; a room imports its own and lower levels, never a neighbour and never upwards. */
const LEVELS = [
  ['cli'],
  ['program'],
  ['main'],
  ['intake', 'worker', 'relay', 'ops'],
  ['holds'],
  ['retry'],
  ['enrich'],
  ['amazon', 'model', 'storage', 'kafka', 'db'],
  ['apart', 'http'],
  ['album', 'config', 'log', 'metrics'],
  ['settings'],
  ['connection-settings'],
  ['database-url'],
  ['explain-tls', 'explain-unreachable', 'marketplaces', 'no-proxy', 'read-pem', 'read-raw', 'setting'],
  ['errors', 'events', 'keep-doing', 'or-aborted', 'with-first-abort', 'retry-delays', 'amazon-slots', 'roles'],
  ['redact'],
  ['iso-time', 'storable-text'],
]

/** The same within a room. */
const WITHIN: Record<string, string[][]> = { worker: [['request'], ['ledger', 'window'], ['lease']] }

/** The only room that may import a library; rooms and libraries that are not named here are free. */
const OWNERS: Record<string, string> = {
  kafkajs: 'kafka',
  '@kafkajs/confluent-schema-registry': 'kafka',
  '@mikro-orm/core': 'db',
  '@mikro-orm/migrations': 'db',
  '@mikro-orm/postgresql': 'db',
  kysely: 'db',
  pg: 'db',
  openai: 'model',
  'amazon-paapi': 'amazon',
  'prom-client': 'metrics',
  pino: 'log',
  flydrive: 'storage',
  sharp: 'enrich',
  commander: 'program',
}

const IMPORT = /^\s*(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm

/** Imports in src that break the order of the rooms, go in a circle, or reach past a library's room. */
export function checkImports(root: string): string[] {
  const files = listFiles(root, 'src').filter((file) => file.endsWith('.ts') && existsSync(join(root, file)))
  const graph = new Map(files.map((file) => [file, importsOf(root, file)]))
  const faults = [...graph].flatMap(([file, imports]) => imports.flatMap((target) => faultOf(file, target)))
  return [...faults, ...findCircles(graph)]
}

function importsOf(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(IMPORT)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? ''
    return target.startsWith('.') ? join(dirname(file), target) : target
  })
}

const roomOf = (file: string) => (file.split('/')[1] ?? '').replace(/\.ts$/, '')
const levelOf = (room: string) => LEVELS.findIndex((level) => level.includes(room))

/** Whether a file of a room's part may import one of another part; files beside the parts see all of them. */
function isDownwards(file: string, target: string): boolean {
  const levels = WITHIN[roomOf(file)] ?? []
  const [from, to] = [file, target].map((path) => levels.findIndex((level) => level.includes(path.split('/')[2] ?? '')))
  if (from === undefined || to === undefined || from === -1 || to === -1) return true
  return to > from || file.split('/')[2] === target.split('/')[2]
}

function faultOf(file: string, target: string): string[] {
  const room = roomOf(file)
  if (levelOf(room) === -1) return [`${file}: room ${room} has no level in check-imports.ts`]
  if (!target.startsWith('src/')) {
    const owner =
      OWNERS[
        target
          .split('/')
          .slice(0, target.startsWith('@') ? 2 : 1)
          .join('/')
      ]
    return owner === undefined || owner === room ? [] : [`${file}: only src/${owner} may import ${target}`]
  }
  const targetRoom = roomOf(target)
  const isAllowed = targetRoom === room ? isDownwards(file, target) : levelOf(targetRoom) > levelOf(room)
  return isAllowed ? [] : [`${file}: ${room} may not import ${target}, which is not below it`]
}

function findCircles(graph: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) circles.push(`circular imports: ${[...path.slice(path.indexOf(file)), file].join(' > ')}`)
    if (done.has(file) || path.includes(file)) return
    for (const target of graph.get(file) ?? []) if (graph.has(target)) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return circles
}
