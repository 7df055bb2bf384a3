import { Breach } from './judge.ts'
import { LANE_TOPICS } from './model-kafka.ts'
import { Random } from './random.ts'
import type { Rules } from './rules.ts'
import { World } from './world.ts'

type Action = (world: World, random: Random) => void | Promise<void>

/** What may happen next, and how often. */
export type Actions = [weight: number, act: Action][]

/** A step of a walk, which stays the same step when others are left out. */
interface Step {
  act: Action
  seed: number
}

// Sessions end and work is given up thousands of times a second, and nobody reads where.
Error.stackTraceLimit = 0

const STEPS = 200
const FINISH_SEED = 1

/** A day with every accident but the loss of data. */
export const ORDINARY: Actions = [
  [48, (world, random) => work(world, random)],
  [5, (world) => world.import()],
  [5, (world) => world.runIntake()],
  [2, (world, random) => world.ask(random.chance(0.2))],
  [6, (world, random) => world.runRelay(1 + random.int(3))],
  [8, (world) => world.kafka.land()],
  [3, (world, random) => random.pick(world.workers).crash()],
  [2, (world, random) => world.freeze(random.pick(world.workers))],
  [4, (world, random) => world.wake(random.pick(world.workers))],
  [3, (world, random) => world.rebalance(random.pick(world.workers))],
  [2, (world, random) => random.pick(world.workers).prune()],
]

/** Offsets are moved back as well. */
export const MOVING: Actions = [
  ...ORDINARY,
  [2, (world, random) => world.moveBack(['enrichment'], random)],
  [2, (world, random) => world.moveBack(['express'], random)],
  [2, (world, random) => world.moveBack(LANE_TOPICS, random)],
  [1, (world, random) => world.moveRelay(random)],
  [1, (world, random) => world.moveIntake(random)],
]

/** Operators skip records, and tools put back offsets with their metadata. */
export const SKIPPING: Actions = [
  ...MOVING,
  [3, (world, random) => world.moveForward(random.pick(LANE_TOPICS), random)],
  [3, (world) => world.exportOffsets()],
  [2, (world, random) => world.putBack(random)],
]

/** Kafka or PostgreSQL lose what they knew. */
export const LOSING: Actions = [
  ...MOVING,
  [1, (world, random) => world.loseOffsets([random.pick(LANE_TOPICS)], random)],
  [1, (world, random) => world.loseOffsets(LANE_TOPICS, random)],
  [3, (world) => world.backUpDatabase()],
  [2, (world, random) => world.restoreDatabase(random)],
  [1, (world, random) => world.moveToCluster(random)],
]

export interface Failure {
  seed: number
  breach: string
  story: string[]
}

/** Walks through the seeds; answers the first that fails, with as few steps as are needed for it to fail. */
export async function findFailure(rules: Rules, actions: Actions, seeds: Iterable<number>): Promise<Failure | null> {
  for (const seed of seeds) {
    const steps = planSteps(actions, seed)
    if ((await walk(rules, steps, null)) === null) continue
    const story: string[] = []
    const breach = (await walk(rules, await shorten(rules, steps), story)) ?? 'not seen again'
    return { seed, breach, story }
  }
  return null
}

function planSteps(actions: Actions, seed: number): Step[] {
  const random = new Random(seed)
  const choices = actions.flatMap(([weight, act]) => Array.from({ length: weight }, () => act))
  return Array.from({ length: 20 + random.int(STEPS) }, () => ({ act: random.pick(choices), seed: random.next() }))
}

/** @returns how a promise was broken, or null */
async function walk(rules: Rules, steps: readonly Step[], story: string[] | null): Promise<string | null> {
  const world = new World(rules, story)
  try {
    for (const { act, seed } of steps) {
      world.judge.now += 1
      const acting = act(world, new Random(seed))
      if (acting) await acting
    }
    await world.finish(new Random(FINISH_SEED))
    return null
  } catch (error) {
    if (error instanceof Breach) return error.message
    throw error
  }
}

/** Leaves out what is not needed for the walk to fail, first in large pieces, at last step by step. */
async function shorten(rules: Rules, all: Step[]): Promise<Step[]> {
  let steps = all
  for (let size = steps.length >> 1; size > 0; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < steps.length; ) {
      const fewer = steps.toSpliced(at, size)
      if ((await walk(rules, fewer, null)) === null) at += size
      else steps = fewer
    }
  }
  return steps
}

async function work(world: World, random: Random): Promise<void> {
  const worker = (random.chance(0.7) ? world.owner : null) ?? random.pick(world.workers)
  for (let steps = 1 + random.int(8); steps > 0; steps -= 1) {
    const stepping = worker.step(random)
    if (stepping) await stepping
  }
}
