import { createRequire } from 'node:module'

interface Metadata {
  topicMetadata: {
    topicErrorCode: number
    topic: string
    partitionMetadata: { partitionErrorCode: number; partitionId: number; leader: number }[]
  }[]
}

/** One request of KafkaJS's and how its answer is read. */
interface Call {
  request: { apiVersion: number; encode(): Promise<unknown> }
  response: { decode(bytes: Buffer): Promise<Metadata>; parse(data: Metadata): Promise<Metadata> }
}

type MakeCall = (options: object) => Call

interface Broker {
  lookupRequest(apiKey: number, definition: object): MakeCall
  metadata(topics?: string[]): Promise<Metadata>
}

interface BrokerPool {
  refreshMetadata(topics: string[]): Promise<null>
}

interface Encoder {
  writeInt32(value: number): Encoder
  writeBoolean(value: boolean): Encoder
}

const NONE: string[] = []
/** Lists of topics that may be missing or without a leader. */
const tolerated = new WeakSet<string[]>([NONE])
/** From this version on of a Metadata request an empty list means none, and whether topics may be created is said. */
const VERSION_WITH_CREATION = 4
const AUTHORIZATION_FAILED = 29

/**
 * Marks topics whose description may be asked for though some do not exist (they then have no partitions) or have no
 * leader (-1); otherwise one such topic is an error for all. The list itself must be handed to KafkaJS, not a copy.
 */
export function toleratingFaults(topics: readonly string[]): string[] {
  const list = [...topics]
  tolerated.add(list)
  return list
}

/**
 * KafkaJS 2.2.4 asks for the metadata of ALL topics of the cluster where it has no topic of its own yet (a producer's
 * start, every administrative connection), and one partition without a leader among them, of whomever, is an error. Here
 * it asks for none then; where all are asked for on purpose (listTopics), faults of single topics are no error; and where
 * our own are, the error names the topic and the partition.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function askForOwnTopics(): void {
  const require = createRequire(import.meta.url)
  const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Broker }
  const { prototype: pool } = require('kafkajs/src/cluster/brokerPool') as { prototype: BrokerPool }
  const Encoder = require('kafkajs/src/protocol/encoder') as new () => Encoder
  const { metadata } = broker
  const { refreshMetadata } = pool
  if (typeof metadata !== 'function' || typeof refreshMetadata !== 'function') {
    throw new Error('kafkajs has no Broker.metadata: see whether own-metadata.ts is still needed')
  }
  pool.refreshMetadata = function (topics) {
    return refreshMetadata.call(this, topics.length === 0 ? NONE : topics)
  }
  broker.metadata = function (topics = []) {
    const lookupRequest: Broker['lookupRequest'] = (apiKey, definition) => {
      const make = this.lookupRequest(apiKey, definition)
      return (options) => adapt(make(options), topics, Encoder)
    }
    const asking = Object.create(this, { lookupRequest: { value: lookupRequest } }) as Broker
    return metadata.call(asking, topics)
  }
}

function adapt({ request, response }: Call, topics: string[], Encoder: new () => Encoder): Call {
  const { parse } = response
  const isTolerated = topics.length === 0 || tolerated.has(topics)
  const isNone = topics === NONE && request.apiVersion >= VERSION_WITH_CREATION
  return {
    request: isNone ? { ...request, encode: async () => new Encoder().writeInt32(0).writeBoolean(false) } : request,
    response: {
      ...response,
      parse: async (data) => {
        // A right that is missing is told first, whatever else is: KafkaJS throws for the first fault that it comes to.
        const forbidden = data.topicMetadata.filter(({ topicErrorCode }) => topicErrorCode === AUTHORIZATION_FAILED)
        if (isTolerated && forbidden.length === 0) return data
        const judged = forbidden.length > 0 ? { ...data, topicMetadata: forbidden } : data
        try {
          return await parse(judged)
        } catch (error) {
          throw Object.assign(error as Error, placeOf(error as Error, judged))
        }
      },
    },
  }
}

/** KafkaJS throws for the first topic with an error, or else for the first such partition, and says which of neither. */
function placeOf({ message }: Error, { topicMetadata }: Metadata): { message: string; topic?: string } {
  const topic = topicMetadata.find(({ topicErrorCode }) => topicErrorCode !== 0)
  if (topic !== undefined) return { message: `${message} (topic ${topic.topic})`, topic: topic.topic }
  for (const { topic, partitionMetadata } of topicMetadata) {
    const partition = partitionMetadata.find(({ partitionErrorCode }) => partitionErrorCode !== 0)
    if (partition !== undefined)
      return { message: `${message} (topic ${topic}, partition ${partition.partitionId})`, topic }
  }
  return { message }
}
