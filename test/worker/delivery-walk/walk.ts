import { Breach } from './judge.ts'
import { LANE_TOPICS } from './model-kafka.ts'
import { Random } from './random.ts'
import type { Rules } from './rules.ts'
import { World } from './world.ts'

type Action = (world: World, random: Random) => void

/** What may happen next, and how often. */
export type Actions = [weight: number, act: Action][]

/** A step of a walk, which stays the same step when others are left out. */
interface Step {
  act: Action
  seed: number
}

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
export function findFailure(rules: Rules, actions: Actions, seeds: Iterable<number>): Failure | null {
  for (const seed of seeds) {
    const steps = planSteps(actions, seed)
    if (walk(rules, steps, null) === null) continue
    const story: string[] = []
    const breach = walk(rules, shorten(rules, steps), story) ?? 'not seen again'
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
function walk(rules: Rules, steps: readonly Step[], story: string[] | null): string | null {
  const world = new World(rules, story)
  try {
    for (const { act, seed } of steps) {
      world.judge.now += 1
      act(world, new Random(seed))
    }
    world.finish(new Random(FINISH_SEED))
    return null
  } catch (error) {
    if (error instanceof Breach) return error.message
    throw error
  }
}

/** Leaves out what is not needed for the walk to fail, first in large pieces, at last step by step. */
function shorten(rules: Rules, all: Step[]): Step[] {
  let steps = all
  for (let size = steps.length >> 1; size > 0; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < steps.length; ) {
      const fewer = steps.toSpliced(at, size)
      if (walk(rules, fewer, null) === null) at += size
      else steps = fewer
    }
  }
  return steps
}

function work(world: World, random: Random): void {
  const worker = (random.chance(0.7) ? world.owner : null) ?? random.pick(world.workers)
  for (let steps = 1 + random.int(8); steps > 0; steps -= 1) worker.step(random)
}
