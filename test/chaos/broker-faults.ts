import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaNode } from '../stack/kafka.ts'
import { controllerOf, coordinatorOf, leaderOf, moveLeaders, untilInSync } from '../stack/kafka-cluster.ts'
import { now } from './clock.ts'
import type { Harness } from './harness.ts'
import { type StrikeContext, untilAtWork } from './strike.ts'

/**
 * What is done to single brokers of a cluster. It begins with all of them in sync and results coming, and is over when they
 * are in sync again.
 */
type BrokerFault = (context: StrikeContext) => Promise<void>

/** With all brokers back everybody may need so long until it has found what has moved. */
const RECOVERS_WITHIN_MS = 2_000
const MOVES = 10

/** Each leaves in good order and comes back, and the next waits until all is in sync. */
const rollingRestart: BrokerFault = async ({ harness, random }) => {
  const { kafka } = harness.servers
  for (const node of random.shuffle(kafka.nodes)) {
    await whileAway(harness, async () => {
      harness.chronicle.note(`broker ${node.id} is restarted`)
      await node.shutDown()
      await sleep(random.between(0, 1_000))
      await node.start()
    })
    await untilInSync(kafka)
  }
}

/** All leaders of all partitions, Kafka's own too, change again and again. */
const leaderMoves: BrokerFault = async ({ harness, random, tally }) => {
  await whileAway(harness, async () => {
    for (let move = 0; move < MOVES; move += 1) {
      const moved = await moveLeaders(harness.servers.kafka)
      tally.leaderMoves += moved
      harness.chronicle.note(`${moved} partitions have another leader`)
      await sleep(random.between(200, 1_500))
    }
  })
}

/** SIGKILL to the one that is found, which comes back after up to 3 s. */
const killed =
  (what: string, find: (harness: Harness) => Promise<KafkaNode>): BrokerFault =>
  async ({ harness, random }) => {
    const node = await find(harness)
    await whileAway(harness, async () => {
      harness.chronicle.note(`broker ${node.id}, ${what}, is killed`)
      await node.kill()
      await sleep(random.between(0, 3_000))
      await node.start()
    })
  }

/** Two of three: nothing can be written, and the quorum has no controller. */
const twoAway: BrokerFault = async ({ harness, random, isLong }) => {
  const nodes = random.shuffle(harness.servers.kafka.nodes).slice(1)
  await whileAway(harness, async () => {
    harness.chronicle.note(`brokers ${nodes.map(({ id }) => id)} are killed`)
    await Promise.all(nodes.map((node) => node.kill()))
    await sleep(isLong ? 60_000 : random.between(2_000, 6_000))
    await Promise.all(nodes.map((node) => node.start()))
  })
}

/** SIGSTOP: its connections stay open and nothing answers. Mostly the one that leads the lane. */
const frozen: BrokerFault = async ({ harness, random, isLong }) => {
  const { servers, topics, chronicle } = harness
  const leader = await leaderOf(servers.kafka, topics.enrichment)
  const node = random.chance(0.6) ? leader : random.pick(servers.kafka.nodes)
  await whileAway(harness, async () => {
    chronicle.note(`broker ${node.id} is stopped`)
    node.suspend()
    await sleep(isLong ? 60_000 : random.between(5_000, 9_000))
    node.resume()
  })
}

/** What goes to one broker and comes from it takes longer, whoever of the service asks. */
const slow: BrokerFault = async ({ harness, random, isLong }) => {
  const { members, servers, chronicle } = harness
  const node = random.pick(servers.kafka.nodes)
  const delayMs = random.between(100, 700)
  chronicle.note(`the way to broker ${node.id} takes ${Math.round(delayMs)} ms longer`)
  const port = node.securedPort ?? node.port
  for (const { kafka } of members) kafka.delay(delayMs, port)
  await sleep(isLong ? 10_000 : 5_000)
  for (const { kafka } of members) kafka.delay(0, port)
}

const BROKER_FAULTS = {
  rollingRestart,
  leaderMoves,
  laneLeaderKilled: killed('leader of the lane', ({ servers, topics }) => leaderOf(servers.kafka, topics.enrichment)),
  groupCoordinatorKilled: killed('coordinator of the group', ({ servers, name }) =>
    coordinatorOf(servers.kafka, 'group', `${name}.worker`),
  ),
  transactionCoordinatorKilled: killed('coordinator of the transactions', ({ servers, name }) =>
    coordinatorOf(servers.kafka, 'transaction', `${name}.worker.lane`),
  ),
  controllerKilled: killed('the controller', ({ servers }) => controllerOf(servers.kafka)),
  twoAway,
  frozen,
  slow,
}

export type BrokerFaultName = keyof typeof BROKER_FAULTS
export const BROKER_FAULT_NAMES = Object.keys(BROKER_FAULTS) as BrokerFaultName[]

export async function strikeBroker(name: BrokerFaultName, context: StrikeContext): Promise<void> {
  const { harness, tally } = context
  const { chronicle, servers } = harness
  await untilInSync(servers.kafka)
  if (await untilAtWork(harness)) tally.brokerFaultsAtWork += 1
  else chronicle.note('nothing comes out of the lane')
  tally.brokerFaults.set(name, (tally.brokerFaults.get(name) ?? 0) + 1)
  await BROKER_FAULTS[name](context)
  await untilInSync(servers.kafka)
  chronicle.note('the cluster is whole')
}

/** Meanwhile, and shortly after, a process may find itself cut off. */
async function whileAway({ chronicle }: Harness, work: () => Promise<void>): Promise<void> {
  const away = chronicle.disturb('kafka away', undefined, now(), Number.POSITIVE_INFINITY)
  await work()
  away.until = now() + RECOVERS_WITHIN_MS
}
