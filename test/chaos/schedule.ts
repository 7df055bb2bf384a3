import { BROKER_FAULT_NAMES, type BrokerFaultName } from './broker-faults.ts'
import { DATABASE_FAULT_NAMES, type DatabaseFaultName } from './database-faults.ts'
import type { Member } from './member.ts'
import type { Random } from './random.ts'
import type { Point } from './strike.ts'
import type { TROUBLES } from './troubles.ts'

export type Step =
  | { kind: 'strike'; point: Point; role: Member['role'] }
  | { kind: 'stop' }
  | { kind: 'standby' }
  | { kind: 'trouble'; trouble: keyof typeof TROUBLES }
  | { kind: 'broker'; fault: BrokerFaultName }
  | { kind: 'database'; fault: DatabaseFaultName }

/**
 * What is done to the worker, what is done meanwhile to everything else, and to servers one by one: lists that are
 * gone through side by side.
 */
export interface Schedule {
  lane: Step[]
  around: Step[]
  servers: Step[]
}

const strike = (point: Point, role: Member['role'] = 'worker'): Step => ({ kind: 'strike', point, role })
const trouble = (name: keyof typeof TROUBLES): Step => ({ kind: 'trouble', trouble: name })

/** Ten kills, with the named points of the worker first, so that a short run has those. */
const LANE_KILLS = [
  strike('between publish and commit'),
  strike('EndTxn on the wire'),
  strike('between answer and checkpoint'),
  strike('standby coming and going'),
  strike('during a rebalance'),
  strike('anywhere'),
]
const OTHER_KILLS = [strike('EndTxn on the wire', 'intake'), strike('between publish and commit', 'intake')]
const MORE_INTAKE_KILLS = [strike('anywhere', 'intake'), strike('right after a commit', 'intake')]
const RELAY_KILLS = [strike('EndTxn on the wire', 'relay'), strike('between publish and commit', 'relay')]
/** Beside ten kills. */
const LANE_STOPS: Step[] = [strike('inside a save'), { kind: 'standby' }]
const TROUBLES_BESIDE: Step[] = [
  { kind: 'stop' },
  trouble('brokerAway'),
  trouble('databaseAway'),
  trouble('registryAway'),
  trouble('standInTrouble'),
  trouble('standInTrouble'),
  trouble('cut'),
  trouble('hold'),
  trouble('delay'),
]

/** A cluster has faults of its own in place of its broker's. */
const TROUBLES_OF_CLUSTER = TROUBLES_BESIDE.filter((step) => step.kind !== 'trouble' || step.trouble !== 'brokerAway')
const BROKER_FAULTS = BROKER_FAULT_NAMES.map((fault) => ({ kind: 'broker', fault }) as const)
/** What `--faults` may name. */
const STEPS_BY_NAME = [...BROKER_FAULTS, ...DATABASE_FAULT_NAMES.map((fault) => ({ kind: 'database', fault }) as const)]

/** @param isCluster whether there are several brokers */
export function makeSchedule(kills: number, random: Random, isCluster = false): Schedule {
  const lane: Step[] = []
  const around: Step[] = []
  const servers: Step[] = []
  for (let left = kills; left > 0; left -= 10) {
    const tenth = random.pick(RELAY_KILLS)
    const hand = random.shuffle([...LANE_KILLS, ...OTHER_KILLS, random.pick(MORE_INTAKE_KILLS), tenth]).slice(0, left)
    lane.push(...random.shuffle([...hand.filter(isOfLane), ...LANE_STOPS]))
    const beside = someOf(isCluster ? TROUBLES_OF_CLUSTER : TROUBLES_BESIDE, left, random)
    around.push(...random.shuffle([...hand.filter((step) => !isOfLane(step)), ...beside]))
    if (isCluster) servers.push(...someOf(BROKER_FAULTS, left, random))
  }
  return { lane, around, servers }
}

/**
 * Nothing but faults of brokers, and refusals of the database, one after the other.
 *
 * @param text names with how often each, as in `rollingRestart:3,twoAway:1`
 * @throws Error for what is no such list
 */
export function onlyFaults(text: string): Schedule {
  const servers = text.split(',').flatMap((part): Step[] => {
    const [, name, times] = /^(\w+):([1-9]\d*)$/.exec(part) ?? []
    const step = STEPS_BY_NAME.find(({ fault }) => fault === name)
    if (step === undefined || times === undefined) {
      const names = STEPS_BY_NAME.map(({ fault }) => fault)
      throw new Error(`--faults ${part}: give it a name and a number from 1, as in twoAway:1; names: ${names}`)
    }
    return Array.from({ length: Number(times) }, () => step)
  })
  return { lane: [], around: [], servers }
}

/** All of them for ten kills, fewer for fewer. */
function someOf(steps: Step[], kills: number, random: Random): Step[] {
  return random.shuffle(steps).slice(0, Math.ceil((steps.length * Math.min(kills, 10)) / 10))
}

const isOfLane = (step: Step) => step.kind === 'strike' && step.role === 'worker'
