import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel, type Message, type Producer } from 'kafkajs'
import { albumIdOf, chaosAlbum } from './albums.ts'
import { brewPoison } from './poison.ts'

/** Of the topic of imported albums. */
const PARTITIONS = 6

/** The importer: publishes one new album after another to album.imported. */
export class Feeder {
  /** Albums published. */
  fed = 0
  /** Records published beside them that are none. */
  poisoned = 0
  readonly #topic: string
  readonly #producer: Producer
  readonly #registry: SchemaRegistry
  readonly #schemaId: number
  readonly #isPoisonous: boolean
  /** Work with the broker, one after the other: nothing is fed while the broker is down. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    topic: string,
    producer: Producer,
    registry: SchemaRegistry,
    schemaId: number,
    isPoisonous: boolean,
  ) {
    this.#topic = topic
    this.#producer = producer
    this.#registry = registry
    this.#schemaId = schemaId
    this.#isPoisonous = isPoisonous
  }

  /** @param isPoisonous whether poison goes first with all that is fed */
  static async open(brokers: string, registryUrl: string, topic: string, isPoisonous = false): Promise<Feeder> {
    const registry = new SchemaRegistry({ host: registryUrl })
    const schemaId = await registry.getLatestSchemaId(`${topic}-value`)
    // Held here from now on, since the registry is restarted too.
    await registry.getSchema(schemaId)
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer({
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 100 },
    })
    await producer.connect()
    return new Feeder(topic, producer, registry, schemaId, isPoisonous)
  }

  /** Publishes that many albums. */
  feed(count: number): Promise<void> {
    return this.alone(async () => {
      const albums = Array.from({ length: count }, (_, index) => chaosAlbum(this.fed + index))
      const messages = await Promise.all(
        albums.map(async (album) => ({
          key: album.albumId,
          partition: Number(album.albumId.slice(1)) % PARTITIONS,
          value: await this.#registry.encode(this.#schemaId, album),
        })),
      )
      if (this.#isPoisonous) {
        const brewed = await brewPoison(this.poisoned, (album) => this.#registry.encode(this.#schemaId, album))
        messages.unshift({ ...brewed, partition: this.poisoned % PARTITIONS })
        this.poisoned += 1
      }
      // Counted first: a process that is killed meanwhile had this to do.
      this.fed += count
      for (const those of Map.groupBy(messages, ({ partition }) => partition).values()) await this.#send(those)
    })
  }

  /** To one partition: KafkaJS loses and doubles messages of a send to several brokers when leaders move. */
  async #send(messages: Message[]): Promise<void> {
    await this.#producer.send({ topic: this.#topic, acks: -1, messages })
  }

  /** Does something during which nothing is fed. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /** How many of the albums fed are not in the set. */
  countMissing(done: ReadonlySet<string>): number {
    let missing = 0
    for (let number = 0; number < this.fed; number += 1) if (!done.has(albumIdOf(number))) missing += 1
    return missing
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }
}
