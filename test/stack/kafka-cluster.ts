import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CoordinatorType,
  electPreferredLeaders,
  findController,
  findCoordinator,
  orderReplicas,
  type PartitionState,
  readClusterState,
} from './ask-broker.ts'
import type { KafkaNode, KafkaServer } from './kafka.ts'

const POLL_MS = 50
/** In place of a leader's id. */
const NOBODY = -1
const MOVED_WITHIN_MS = 2_000
const IN_SYNC_WITHIN_MS = 60_000
const FOUND_WITHIN_MS = 30_000

/** Who leads a partition. @throws Error when nobody does for 30 s */
export function leaderOf(kafka: KafkaServer, topic: string, partition = 0): Promise<KafkaNode> {
  return findNode(kafka, `leader of ${topic}/${partition}`, async ({ port }) => {
    const { partitions } = await readClusterState(port, [topic])
    return partitions.find((it) => it.partition === partition)?.leader ?? NOBODY
  })
}

/** @throws Error when there is none for 30 s */
export function coordinatorOf(kafka: KafkaServer, type: CoordinatorType, id: string): Promise<KafkaNode> {
  return findNode(kafka, `coordinator of the ${type} ${id}`, ({ port }) => findCoordinator(port, type, id))
}

/** The active controller. @throws Error when there is none for 30 s */
export function controllerOf(kafka: KafkaServer): Promise<KafkaNode> {
  return findNode(kafka, 'controller', ({ controllerPort }) => findController(controllerPort))
}

/** Until every running broker is known to every other, and each partition is whole. @throws Error after a minute */
export async function untilInSync(kafka: KafkaServer): Promise<void> {
  for (const deadline = Date.now() + IN_SYNC_WITHIN_MS; ; await sleep(POLL_MS)) {
    const lacking = await findLacking(kafka).catch((error: Error) => error.message)
    if (lacking === '') return
    if (Date.now() > deadline) throw new Error(`the cluster does not get in sync: ${lacking}`)
  }
}

async function findLacking({ nodes }: KafkaServer): Promise<string> {
  const running = nodes.filter(({ pid }) => pid !== undefined)
  // What one broker knows may be old.
  const states = await Promise.all(running.map(({ port }) => readClusterState(port)))
  const isMissing = states.some(({ brokers }) => running.some(({ id }) => !brokers.includes(id)))
  const partial = states.flatMap(({ partitions }) =>
    partitions.filter(({ replicas, inSync }) => inSync.length < replicas.length),
  )
  return [...(isMissing ? ['a broker'] : []), ...new Set(partial.map(({ topic }) => topic))].join()
}

/**
 * Gives partitions their next replica as leader, all at once. Resolves when the leaders have changed.
 *
 * @param topics absent: all topics, also Kafka's own
 * @returns how many have
 */
export async function moveLeaders(kafka: KafkaServer, topics?: string[]): Promise<number> {
  const { port, controllerPort } = await controllerOf(kafka)
  const { partitions } = await readClusterState(port, topics)
  const moved = partitions.filter(({ replicas, leader }) => replicas.length > 1 && leader !== NOBODY).map(turn)
  await orderReplicas(controllerPort, moved)
  const count = await electPreferredLeaders(controllerPort, moved)
  // What is known of it comes to each broker a moment later; the next move begins with what this one knows.
  for (const deadline = Date.now() + MOVED_WITHIN_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const now = await readClusterState(port, topics)
    const leaderNow = ({ topic, partition }: PartitionState) =>
      now.partitions.find((it) => it.topic === topic && it.partition === partition)?.leader
    if (moved.filter((it) => leaderNow(it) === it.replicas[0]).length >= count) break
  }
  return count
}

/** The same replicas, the one after the leader first. */
function turn({ replicas, leader, ...partition }: PartitionState): PartitionState {
  const at = replicas.indexOf(leader) + 1
  return { ...partition, leader, replicas: [...replicas.slice(at), ...replicas.slice(0, at)] }
}

/** Of the first broker that gives an answer: some may be dead, or stopped. */
async function findNode(
  { nodes }: KafkaServer,
  what: string,
  ask: (node: KafkaNode) => Promise<number>,
): Promise<KafkaNode> {
  for (const deadline = Date.now() + FOUND_WITHIN_MS; ; await sleep(POLL_MS)) {
    const answers = nodes.map(async (asked) => {
      const id = await ask(asked)
      const found = nodes.find((node) => node.id === id)
      if (!found?.pid) throw new Error(`${what}: not there`)
      return found
    })
    const found = await Promise.any(answers).catch(() => undefined)
    if (found) return found
    if (Date.now() > deadline) throw new Error(`${what}: not found`)
  }
}
