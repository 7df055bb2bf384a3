import { type Answer, askKafka, compactList, compactText, int32, list, NO_TAGS, text } from './kafka-protocol.ts'

export interface PartitionState {
  topic: string
  partition: number
  /** Id of its leader; -1 for none. */
  leader: number
  replicas: number[]
  inSync: number[]
}

/** What one broker knows of the cluster. */
export interface ClusterState {
  /** Ids of the brokers that are alive. */
  brokers: number[]
  partitions: PartitionState[]
}

/** Error code of an election whose winner leads already. */
const ELECTION_NOT_NEEDED = 84
const PREFERRED_ELECTION = 0
const COORDINATOR_TYPES = { group: 0, transaction: 1 }
export type CoordinatorType = keyof typeof COORDINATOR_TYPES
const METADATA_TOPIC = '__cluster_metadata'

/** How many brokers a Kafka server knows to be alive; its port listens before that is one. @throws Error without an answer */
export async function countBrokers(port: number): Promise<number> {
  return (await readClusterState(port, [])).brokers.length
}

/** @param topics absent: all, also Kafka's own */
export async function readClusterState(port: number, topics?: string[]): Promise<ClusterState> {
  const answer = await askKafka(port, { key: 3, version: 1 }, [topics ? list(topics.map(text)) : int32(-1)])
  const brokers = answer.list(() => {
    const id = answer.int32()
    answer.text()
    answer.int32()
    answer.text()
    return id
  })
  // Named as the controller is some broker that passes requests on to it.
  answer.int32()
  const partitions = answer.list(() => readTopic(answer))
  return { brokers, partitions: partitions.flat() }
}

function readTopic(answer: Answer): PartitionState[] {
  answer.int16()
  const topic = answer.text()
  answer.int8()
  return answer.list(() => {
    answer.int16()
    const [partition, leader] = [answer.int32(), answer.int32()]
    return {
      topic,
      partition,
      leader,
      replicas: answer.list(() => answer.int32()),
      inSync: answer.list(() => answer.int32()),
    }
  })
}

/** Id of the broker that coordinates a group or a transactional id. @throws Error while there is none */
export async function findCoordinator(port: number, type: CoordinatorType, key: string): Promise<number> {
  const body = [text(key), Buffer.from([COORDINATOR_TYPES[type]])]
  const answer = await askKafka(port, { key: 10, version: 1 }, body)
  answer.int32()
  expectCode(answer.int16(), `coordinator of the ${type} ${key}`)
  answer.text()
  return answer.int32()
}

/**
 * Id of the controller that leads the quorum. Asked at controllers' own ports: a broker would pass the question on to a
 * leader that is stopped, and wait for it. @throws Error from all but the leader
 */
export async function findController(port: number): Promise<number> {
  const partition = Buffer.concat([int32(0), NO_TAGS])
  const topic = Buffer.concat([compactText(METADATA_TOPIC), compactList([partition]), NO_TAGS])
  const answer = await askKafka(port, { key: 55, version: 0, isFlexible: true }, [compactList([topic]), NO_TAGS])
  expectCode(answer.int16(), 'quorum')
  const leaders = answer.compactList(() => {
    answer.compactText()
    // What follows in the partition is of no interest, and there is but one.
    answer.int8()
    answer.int32()
    expectCode(answer.int16(), 'quorum')
    return answer.int32()
  })
  return leaders[0] ?? -1
}

/**
 * Gives partitions the same replicas in another order, which is done at once: the first is the preferred leader.
 *
 * @param port the leading controller's
 */
export async function orderReplicas(port: number, wanted: Omit<PartitionState, 'leader' | 'inSync'>[]): Promise<void> {
  const topics = [...Map.groupBy(wanted, ({ topic }) => topic)].map(([topic, partitions]) => {
    const items = partitions.map(({ partition, replicas }) =>
      Buffer.concat([int32(partition), compactList(replicas.map(int32)), NO_TAGS]),
    )
    return Buffer.concat([compactText(topic), compactList(items), NO_TAGS])
  })
  const body = [int32(5_000), compactList(topics), NO_TAGS]
  const answer = await askKafka(port, { key: 45, version: 0, isFlexible: true }, body)
  answer.int32()
  expectCode(answer.int16(), 'reassignment')
}

/**
 * Lets the preferred replicas lead, where they are in sync.
 *
 * @param port the leading controller's
 * @returns how many leaders have changed
 */
export async function electPreferredLeaders(
  port: number,
  partitions: Pick<PartitionState, 'topic' | 'partition'>[],
): Promise<number> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, those]) =>
    Buffer.concat([text(topic), list(those.map(({ partition }) => int32(partition)))]),
  )
  const body = [Buffer.from([PREFERRED_ELECTION]), list(topics), int32(5_000)]
  const answer = await askKafka(port, { key: 43, version: 1 }, body)
  answer.int32()
  expectCode(answer.int16(), 'election')
  const codes = answer.list(() => {
    answer.text()
    return answer.list(() => {
      answer.int32()
      const code = answer.int16()
      answer.text()
      return code
    })
  })
  return codes.flat().filter((code) => code === 0).length
}

function expectCode(code: number, what: string): void {
  if (code !== 0 && code !== ELECTION_NOT_NEEDED) throw new Error(`${what}: Kafka answers with error code ${code}`)
}

/** Lets a client send so many bytes a second to a broker, by the mean of eleven seconds. @throws Error when it is refused */
export async function limitProducers(port: number, clientId: string, bytesPerSecond: number): Promise<void> {
  const rate = Buffer.alloc(8)
  rate.writeDoubleBE(bytesPerSecond)
  const entity = list([Buffer.concat([text('client-id'), text(clientId)])])
  const limits = list([Buffer.concat([text('producer_byte_rate'), rate, Buffer.from([0])])])
  const answer = await askKafka(port, { key: 49, version: 0 }, [
    list([Buffer.concat([entity, limits])]),
    Buffer.from([0]),
  ])
  answer.int32()
  answer.list(() => expectCode(answer.int16(), 'quota'))
}
