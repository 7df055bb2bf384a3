import { createRequire } from 'node:module'

interface Described {
  topicMetadata: { topicErrorCode: number; topic: string | null; topicId: string }[]
}

interface Broker {
  metadata(topics?: string[]): Promise<unknown>
  lookupRequest(apiKey: number, definition: object): unknown
}

interface Encoder {
  writeBuffer(bytes: Buffer): Encoder
  writeBoolean(value: boolean): Encoder
  writeUVarIntArray(items: Encoder[]): Encoder
  writeUVarIntBytes(): Encoder
  writeUVarIntString(text: string): Encoder
}

interface Decoder {
  buffer: Buffer
  offset: number
  readBoolean(): boolean
  readInt16(): number
  readInt32(): number
  readTaggedFields(): void
  readUVarIntArray<T>(read: () => T): T[] | null
  readUVarIntString(): string | null
}

const METADATA = 3
/** The first version that tells ids; brokers have it since Kafka 2.8. */
const VERSION_WITH_IDS = 10
const NO_ID = Buffer.alloc(16)

/** Lists of topics whose ids are asked for, and what was answered, by topic. */
const asked = new WeakMap<string[], Map<string, string>>()

/**
 * Topics whose ids are told once their description was asked for; the list itself must be handed to KafkaJS.
 *
 * @returns the list, and the ids by topic, filled by then; none where the brokers tell none
 */
export function askingForIds(topics: readonly string[]): { list: string[]; ids: ReadonlyMap<string, string> } {
  const list = [...topics]
  const ids = new Map<string, string>()
  asked.set(list, ids)
  return { list, ids }
}

/**
 * KafkaJS 2.2.4 describes topics by versions of Kafka's protocol that tell no ids yet, and nothing but its id tells a topic
 * from one of the same name that was made anew. Here the ids are asked for besides, for the lists of askingForIds.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function tellTopicIds(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/broker') as { prototype: Broker }
  const Encoder = require('kafkajs/src/protocol/encoder') as new () => Encoder
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder
  const { metadata } = prototype
  if (typeof metadata !== 'function')
    throw new Error('kafkajs has no Broker.metadata: see whether topic-ids.ts is still needed')
  const toCall = (topics: string[]) => ({
    request: {
      ...{ apiKey: METADATA, apiVersion: VERSION_WITH_IDS, apiName: 'Metadata' },
      encode: async () => encode(topics, () => new Encoder()),
    },
    response: {
      decode: async (bytes: Buffer) => decode(new Decoder(bytes)),
      parse: async (described: Described) => described,
    },
  })
  prototype.metadata = async function (topics) {
    const found = await metadata.call(this, topics)
    const ids = topics && asked.get(topics)
    if (!topics || !ids) return found
    const protocol = ({ version }: { version: number }) => version
    if (this.lookupRequest(METADATA, { versions: [VERSION_WITH_IDS], protocol }) !== VERSION_WITH_IDS) return found
    const asking = Object.create(this, { lookupRequest: { value: () => () => toCall(topics) } }) as Broker
    const { topicMetadata } = (await metadata.call(asking, [])) as Described
    for (const { topic, topicId, topicErrorCode } of topicMetadata)
      if (topic !== null && topicErrorCode === 0 && topicId !== NO_ID.toString('hex')) ids.set(topic, topicId)
    return found
  }
}

/** By https://kafka.apache.org/protocol#The_Messages_Metadata; what ends in writeUVarIntBytes() ends without tagged fields. */
function encode(topics: string[], create: () => Encoder): Encoder {
  const named = topics.map((topic) => create().writeBuffer(NO_ID).writeUVarIntString(topic).writeUVarIntBytes())
  const header = create().writeUVarIntBytes()
  // Makes no topic that is missing, and asks for no rights, of the cluster and of topics.
  const flags = header.writeUVarIntArray(named).writeBoolean(false).writeBoolean(false).writeBoolean(false)
  return flags.writeUVarIntBytes()
}

function decode(decoder: Decoder): Described {
  const readNodes = () => decoder.readUVarIntArray(() => decoder.readInt32())
  const readBroker = () => {
    decoder.readInt32()
    decoder.readUVarIntString()
    decoder.readInt32()
    decoder.readUVarIntString()
    decoder.readTaggedFields()
  }
  const readPartition = () => {
    decoder.readInt16()
    for (let count = 0; count < 3; count += 1) decoder.readInt32()
    for (let count = 0; count < 3; count += 1) readNodes()
    decoder.readTaggedFields()
  }
  const readTopic = () => {
    const topicErrorCode = decoder.readInt16()
    const topic = decoder.readUVarIntString()
    const topicId = decoder.buffer.toString('hex', decoder.offset, decoder.offset + NO_ID.length)
    decoder.offset += NO_ID.length
    decoder.readBoolean()
    decoder.readUVarIntArray(readPartition)
    decoder.readInt32()
    decoder.readTaggedFields()
    return { topicErrorCode, topic, topicId }
  }
  decoder.readTaggedFields()
  decoder.readInt32()
  decoder.readUVarIntArray(readBroker)
  decoder.readUVarIntString()
  decoder.readInt32()
  return { topicMetadata: decoder.readUVarIntArray(readTopic) ?? [] }
}
