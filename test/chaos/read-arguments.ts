import { parseArgs } from 'node:util'
import { readBrokers } from '../stack/kafka.ts'
import { checkMayMount } from './full-disk.ts'
import { Random } from './random.ts'
import { makeSchedule, onlyFaults, type Schedule } from './schedule.ts'
import { PLANTED_FAULTS } from './self-test.ts'

export interface Arguments {
  seed: number
  /** How many; 0 where only faults of brokers or the database are wanted. */
  kills: number
  brokers: 1 | 3
  schedule: Schedule
  hasOnlyFaults: boolean
  isSecured: boolean
  isPoisonous: boolean
  /** Names of the faults to plant, none for all; absent: no self-test. */
  selfTest?: string[]
  json: boolean
  verbose: boolean
}

const OPTIONS = {
  kills: { type: 'string', default: '20' },
  brokers: { type: 'string', default: '1' },
  seed: { type: 'string' },
  faults: { type: 'string' },
  secured: { type: 'boolean', default: false },
  poison: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  'self-test': { type: 'boolean', default: false },
} as const

/** What a run is told on its command line. @throws Error with one line for a person: the argument, its value, what it may be */
export function readArguments(args: string[]): Arguments {
  const { values, positionals } = parse(args)
  const { faults, secured, poison, json, verbose } = values
  const brokers = readBrokers(values.brokers)
  // One of them is another transactional id, so that nobody would have the lane.
  if (secured && values['self-test'])
    throw new Error('--secured: Kafka would deny what --self-test plants, so leave one of them out')
  const kills = faults === undefined ? readNumber('kills', values.kills) : 0
  const only = faults === undefined ? undefined : readFaults(faults, brokers)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : readNumber('seed', values.seed)
  return {
    seed,
    kills,
    brokers,
    schedule: only ?? makeSchedule(kills, new Random(seed), brokers > 1),
    hasOnlyFaults: faults !== undefined,
    isSecured: secured,
    isPoisonous: poison,
    ...readSelfTest(values['self-test'], positionals),
    json,
    verbose,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Node's first sentence names the argument; what follows is about arguments that begin with a dash.
    const [what] = String(error instanceof Error ? error.message : error).split(/\.\s|\n/)
    throw new Error(`${what}: there are ${Object.keys(OPTIONS).map((name) => `--${name}`)}`, { cause: error })
  }
}

function readFaults(text: string, brokers: 1 | 3): Schedule {
  const schedule = onlyFaults(text)
  if (brokers === 1 && schedule.servers.some(({ kind }) => kind === 'broker'))
    throw new Error(`--faults ${text}: is about brokers of a cluster, so give it --brokers 3 too`)
  const fillsDisk = schedule.servers.some((step) => step.kind === 'database' && step.fault === 'databaseDiskFull')
  if (fillsDisk) checkMayMount('--faults databaseDiskFull')
  return schedule
}

function readSelfTest(isOne: boolean, names: string[]): Pick<Arguments, 'selfTest'> {
  const [first] = names
  if (!isOne && first !== undefined) throw new Error(`${first}: only --self-test takes names, leave it out`)
  const mistyped = names.find((name) => !PLANTED_FAULTS.includes(name))
  if (mistyped !== undefined) throw new Error(`--self-test ${mistyped}: is no fault, they are ${PLANTED_FAULTS}`)
  return isOne ? { selfTest: names } : {}
}

function readNumber(name: string, text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new Error(`--${name} ${text}: give it a whole number, 0 or more`)
  return number
}
