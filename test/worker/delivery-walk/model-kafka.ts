import type { StampedOffset } from '../../../src/worker/lease/lane-commit.ts'
import type { KafkaLane } from '../../../src/worker/lease/plan-start.ts'
import type { Decision, Judge } from './judge.ts'

export const LANE_TOPICS = ['enrichment', 'express'] as const
export type LaneTopic = (typeof LANE_TOPICS)[number]

/** A request as it lies in a topic. */
export interface ModelRecord {
  requestId: string
  run: number
  attempt: number
}

export interface Delivered {
  offset: bigint
  nextOffset: bigint
  record: ModelRecord
}

/** A topic of one partition, whose offsets have gaps where control records stand. */
export class ModelLog {
  start = 0n
  end = 0n
  readonly records: { offset: bigint; record: ModelRecord }[] = []

  append(record: ModelRecord): void {
    this.records.push({ offset: this.end, record })
    this.end += 1n
  }

  addControlRecord(): void {
    this.end += 1n
  }

  read(from: bigint, limit: number): Delivered[] {
    const first = this.records.findIndex(({ offset }) => offset >= from)
    if (first === -1) return []
    const read = this.records.slice(first, first + limit)
    const isLast = first + limit >= this.records.length
    return read.map(({ offset, record }, index) => {
      const next = read[index + 1]?.offset ?? (isLast ? this.end : offset + 1n)
      return { offset, nextOffset: next, record }
    })
  }
}

export interface ModelTransaction {
  epoch: number
  decisions: Decision[]
  offsets: StampedOffset[]
  /** When the offsets reached the group; a reset after that wins over them. */
  writtenAt: number
  /** ending: EndTxn is on the wire and may arrive at any time, or never. */
  state: 'open' | 'ending' | 'committed' | 'aborted'
}

interface GroupOffset {
  offset: bigint
  metadata: string
  writtenAt: number
}

/** The highest number of a commit that the offsets' metadata tell. */
export function newestFlush(topics: KafkaLane['topics']): number {
  return Math.max(0, ...topics.map(({ committed }) => Number(/flush=(\d+)/.exec(committed?.metadata ?? '')?.[1] ?? 0)))
}

/** The broker: the lane's topics, the retry topic, the worker's group and its one transactional id. */
export class ModelKafka {
  clusterId = 'first'
  lane = { enrichment: new ModelLog(), express: new ModelLog() }
  readonly retries = new ModelLog()
  readonly group = new Map<LaneTopic, GroupOffset>()
  readonly #judge: Judge
  #epoch = 0
  #writes = 0
  transaction: ModelTransaction | null = null

  constructor(judge: Judge) {
    this.#judge = judge
  }

  /** The highest number of a commit of ours that the group's offsets still tell. */
  get newestFlush(): number {
    return newestFlush(this.readLane().topics)
  }

  /** InitProducerId: fences earlier producers and aborts what they left open. */
  initProducer(): number {
    if (this.transaction !== null) this.#abort(this.transaction)
    this.#epoch += 1
    return this.#epoch
  }

  /** Everything up to EndTxn; null for a fenced producer. */
  begin(epoch: number, decisions: Decision[], offsets: StampedOffset[]): ModelTransaction | null {
    if (epoch !== this.#epoch) return null
    this.#writes += 1
    this.transaction = { epoch, decisions, offsets, writtenAt: this.#writes, state: 'open' }
    return this.transaction
  }

  /** EndTxn arrives. */
  land(): void {
    const { transaction } = this
    if (transaction?.state !== 'ending') return
    this.transaction = null
    transaction.state = 'committed'
    for (const decision of transaction.decisions) {
      if (decision.kind === 'retry') this.retries.append({ ...decision, attempt: decision.attempt + 1 })
      this.#judge.published(decision)
    }
    this.retries.addControlRecord()
    for (const { topic, offset, metadata } of transaction.offsets) {
      const current = this.group.get(topic as LaneTopic)
      if (current !== undefined && current.writtenAt > transaction.writtenAt) continue
      this.#judge.committed(topic, current?.offset, offset)
      this.group.set(topic as LaneTopic, { offset, metadata, writtenAt: transaction.writtenAt })
    }
  }

  /** What a foreign tool does to the empty group; most lose the metadata. */
  moveOffset(topic: LaneTopic, offset: bigint, metadata = ''): void {
    this.#writes += 1
    this.group.set(topic, { offset, metadata, writtenAt: this.#writes })
  }

  /** Another cluster with the same records, where offsets have no gaps and nobody knows of transactions. */
  moveToCluster(clusterId: string, keepsOffsets: boolean): void {
    this.clusterId = clusterId
    this.transaction = null
    // It does not know the producers of the former one.
    this.#epoch += 1
    for (const topic of LANE_TOPICS) {
      const before = this.lane[topic]
      const after = new ModelLog()
      for (const { record } of before.records) after.append(record)
      const committed = this.group.get(topic)?.offset
      this.lane[topic] = after
      this.group.delete(topic)
      if (committed === undefined || !keepsOffsets) continue
      this.moveOffset(topic, BigInt(before.records.filter(({ offset }) => offset < committed).length))
    }
  }

  /** Whether two records of the lane are the same first delivery of a request. */
  isRepeated(requestId: string): boolean {
    const { records } = this.lane.express
    return records.filter(({ record }) => record.requestId === requestId && record.attempt === 0).length > 1
  }

  readLane(): KafkaLane {
    const topics = LANE_TOPICS.map((topic) => {
      const { start, end } = this.lane[topic]
      const committed = this.group.get(topic)
      return { topic, logStart: start, logEnd: end, committed: committed ?? null }
    })
    return { clusterId: this.clusterId, topics }
  }

  #abort(transaction: ModelTransaction): void {
    transaction.state = 'aborted'
    this.transaction = null
    // Aborted records and their marker keep their offsets.
    if (transaction.decisions.some(({ kind }) => kind === 'retry')) this.retries.addControlRecord()
  }
}
