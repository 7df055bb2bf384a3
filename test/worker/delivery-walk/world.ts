import type { FoundRow } from '../../../src/worker/lease/lease-ports.ts'
import type { HoldCause, KafkaLane } from '../../../src/worker/lease/plan-start.ts'
import { Breach, Judge } from './judge.ts'
import { type LaneTopic, ModelKafka, newestFlush } from './model-kafka.ts'
import { ModelLedger } from './model-ledger.ts'
import { ModelWorker } from './model-worker.ts'
import type { Random } from './random.ts'
import type { Rules } from './rules.ts'

/** Everything there is: broker, database, two workers, intake, relay and people. */
export class World {
  readonly judge = new Judge()
  readonly kafka = new ModelKafka(this.judge)
  readonly rules: Rules
  readonly ledger: ModelLedger
  readonly workers: [ModelWorker, ModelWorker]
  /** What happened, if somebody wants to read it. */
  readonly story: string[] | null
  /** The causes that a person has accepted. */
  accepted: ReadonlySet<HoldCause['kind']> = new Set()
  /** What has happened that the lane may be held for. */
  readonly #accidents = new Set<HoldCause['kind']>()
  /** The database was put back to fewer commits than Kafka tells of, and nobody was told. */
  #isUntold = false
  /** How likely a stage fails. */
  failing = 0.2
  /** The group's member that has the lane's topics. */
  owner: ModelWorker | null = null
  #ids = 0
  #imported = 0
  #intakeAt = 0
  #relayAt = 0n
  #putBackDatabase: () => void
  #exports: { topic: LaneTopic; offset: bigint; metadata: string }[] = []

  constructor(rules: Rules, story: string[] | null) {
    this.rules = rules
    this.story = story
    this.ledger = new ModelLedger(rules)
    this.#putBackDatabase = this.ledger.backUp()
    this.workers = [new ModelWorker('A', this), new ModelWorker('B', this)]
  }

  note(line: () => string): void {
    this.story?.push(line())
  }

  newId(prefix: string): string {
    this.#ids += 1
    return `${prefix}${this.#ids}`
  }

  /** Whether the worker gets the lane's topics; the others stand by. */
  join(worker: ModelWorker): boolean {
    this.owner ??= worker
    return this.owner === worker
  }

  leave(worker: ModelWorker): void {
    if (this.owner === worker) this.owner = null
  }

  /** The lane is held; somebody accepts whatever it says. */
  hold(causes: readonly HoldCause[]): void {
    const wrong = causes.find(({ kind }) => !this.#accidents.has(kind))
    if (wrong !== undefined) throw new Breach(`held without reason: ${wrong.kind}`)
    if (causes.some(({ kind }) => kind === 'database_behind')) this.#isUntold = false
    this.accepted = new Set([...this.accepted, ...causes.map(({ kind }) => kind)])
    this.note(() => `a person accepts ${[...this.accepted].join(' and ')}`)
  }

  /** The lane is going to start, by what Kafka and PostgreSQL said. */
  starts(kafka: KafkaLane | undefined, { clusterId, offsets, flush, accepted }: FoundRow): void {
    const mustHaveHeld = (kind: HoldCause['kind']) => {
      if (!accepted.includes(kind)) throw new Breach(`not held, in spite of ${kind}`)
    }
    const topics = kafka?.topics ?? []
    const isElsewhere = clusterId !== null && clusterId !== kafka?.clusterId
    const isMissing = topics.some(({ topic, committed }) => committed === null && topic in offsets)
    // In another cluster nothing can be compared.
    if (isElsewhere) mustHaveHeld('other_cluster')
    else if (isMissing) mustHaveHeld('offset_missing')
    if (!isElsewhere && newestFlush(topics) > flush) mustHaveHeld('database_behind')
  }

  /** PostgreSQL has counted a commit that begins. */
  counted(): void {
    if (this.#isUntold) throw new Breach('went on, in spite of database_behind')
  }

  /** @param comparedAt the step at which that was */
  started(comparedAt: number): void {
    this.judge.started(comparedAt)
    this.accepted = new Set()
  }

  import(): void {
    this.#imported += 1
  }

  /** A transaction of intake's: each record becomes a new request. */
  runIntake(): void {
    if (this.#intakeAt === this.#imported) return
    while (this.#intakeAt < this.#imported) {
      this.kafka.lane.enrichment.append(this.#newRequest())
      this.#intakeAt += 1
    }
    this.kafka.lane.enrichment.addControlRecord()
  }

  /** An operator's or an editor's request, which the outbox may publish twice. */
  ask(isRepeated: boolean): void {
    const request = this.#newRequest()
    this.kafka.lane.express.append(request)
    if (isRepeated) this.kafka.lane.express.append(request)
  }

  /** A transaction of the relay's. */
  runRelay(limit: number): void {
    const due = this.kafka.retries.read(this.#relayAt, limit)
    for (const { nextOffset, record } of due) {
      const { requestId, run, attempt } = record
      this.kafka.lane.express.append({ requestId, run, attempt })
      this.#relayAt = nextOffset
      this.note(() => `relay brings ${requestId} back, run ${run}, attempt ${attempt}`)
    }
    if (due.length > 0) this.kafka.lane.express.addControlRecord()
  }

  /** SIGSTOP, or a long pause: the session expires, and the process knows nothing of it. */
  freeze(worker: ModelWorker): void {
    if (worker.isAway) return
    worker.isFrozen = true
    worker.isZombie = true
    this.leave(worker)
    this.note(() => `${worker.name} freezes and loses its session`)
  }

  /** First it goes on as if nothing had happened; only then does it notice. */
  async wake(worker: ModelWorker): Promise<void> {
    if (!worker.isFrozen && !worker.isZombie) return
    this.note(() => `${worker.name} ${worker.isFrozen ? 'wakes up' : 'notices that its session was lost'}`)
    if (worker.isFrozen) worker.isFrozen = false
    else await worker.rejoin()
  }

  async rebalance(worker: ModelWorker): Promise<void> {
    if (this.owner !== worker || worker.isFrozen) return
    this.note(() => `rebalance: ${worker.name} joins again`)
    await worker.rejoin()
  }

  /** Takes every worker out of the group, so that a tool may move its offsets. */
  emptyGroup(random: Random): void {
    for (const worker of this.workers) {
      const choice = random.int(4)
      if (worker.isAway) continue
      if (choice <= 1) worker.crash()
      else this.freeze(worker)
      if (choice === 3) worker.isFrozen = false
    }
  }

  /** Kafka's own tool, and others: the beginning, a time, back by some, or where it stands. */
  moveBack(topics: readonly LaneTopic[], random: Random): void {
    this.emptyGroup(random)
    for (const topic of topics) {
      const committed = this.kafka.group.get(topic)
      const log = this.kafka.lane[topic]
      if (committed === undefined) continue
      const back = BigInt(random.int(1 + Number(committed.offset - log.start)))
      const offset = random.pick([log.start, committed.offset - back, committed.offset - back, committed.offset])
      this.#move(topic, offset)
    }
  }

  /** A tool that puts back offsets with their metadata, as it once exported them. */
  exportOffsets(): void {
    const groups = [...this.kafka.group]
    this.#exports = groups.map(([topic, { offset, metadata }]) => ({ topic, offset, metadata }))
  }

  putBack(random: Random): void {
    this.emptyGroup(random)
    for (const { topic, offset, metadata } of this.#exports) {
      const committed = this.kafka.group.get(topic)?.offset ?? 0n
      // One commit that PostgreSQL does not know of yet cannot be told from a crash in front of it.
      const isKnown = this.ledger.lane.offsets[topic] === committed
      if (random.chance(0.7) && offset < committed && isKnown) this.#move(topic, offset, metadata)
    }
  }

  moveForward(topic: LaneTopic, random: Random): void {
    const committed = this.kafka.group.get(topic)
    const log = this.kafka.lane[topic]
    if (committed === undefined) return
    this.emptyGroup(random)
    const offset = committed.offset + BigInt(random.int(1 + Number(log.end - committed.offset)))
    const passed = log.records.filter((it) => it.offset >= committed.offset && it.offset < offset)
    const skipped = passed.map(({ record }) => record.requestId)
    this.judge.skipped(topic, offset, skipped)
    this.#move(topic, offset)
  }

  /**
   * Not in the middle of the very first start: put back under the worker that was starting, and followed by a move to
   * another cluster, such a backup has a row and no cluster to compare it with.
   */
  backUpDatabase(): void {
    if (this.ledger.lane.clusterId === null) return
    this.#putBackDatabase = this.ledger.backUp()
  }

  restoreDatabase(random: Random): void {
    if (random.chance(0.5)) this.emptyGroup(random)
    this.#putBackDatabase()
    this.judge.memoryLost()
    this.#accidents.add('database_behind')
    this.#isUntold = !this.accepted.has('database_behind') && this.#isBehind()
    this.note(() => `the database is put back to flush ${this.ledger.lane.flush}`)
  }

  /** Kafka forgets the offsets of a group that was empty for long. */
  loseOffsets(topics: readonly LaneTopic[], random: Random): void {
    this.emptyGroup(random)
    for (const topic of topics) this.kafka.group.delete(topic)
    this.judge.offsetsLost(topics)
    this.#forgetCount()
    this.#accidents.add('offset_missing')
    this.note(() => `Kafka loses the offsets of ${topics.join(' and ')}`)
  }

  moveToCluster(random: Random): void {
    this.emptyGroup(random)
    this.kafka.moveToCluster(this.newId('cluster '), random.chance(0.5))
    this.judge.memoryLost()
    this.#accidents.add('other_cluster')
    this.#forgetCount()
    this.note(() => `all is moved to ${this.kafka.clusterId}`)
  }

  moveRelay(random: Random): void {
    this.#relayAt = BigInt(random.int(1 + Number(this.#relayAt)))
  }

  moveIntake(random: Random): void {
    this.#intakeAt = random.int(1 + this.#intakeAt)
  }

  /** From here on nothing fails: does all that is left, and lets the judge look at it. */
  async finish(random: Random): Promise<void> {
    this.note(() => 'from here on nothing fails')
    this.failing = 0
    for (const worker of this.workers) if (worker.isFrozen || worker.isZombie) worker.crash()
    for (let round = 0; round < 3_000; round += 1) {
      this.judge.now += 1
      this.runIntake()
      this.runRelay(100)
      this.kafka.land()
      for (const worker of this.workers) await worker.step(random)
      if (this.owner?.isIdle && this.kafka.retries.read(this.#relayAt, 1).length === 0) {
        this.judge.finish()
        return
      }
    }
    throw new Breach('stuck: the work never ends')
  }

  #move(topic: LaneTopic, offset: bigint, metadata = ''): void {
    const reached = this.kafka.lane[topic].records.filter((it) => it.offset >= offset)
    this.judge.moved(
      topic,
      offset,
      reached.map(({ record }) => record.requestId),
    )
    this.note(() => `a tool moves ${topic} to ${offset}`)
    this.kafka.moveOffset(topic, offset, metadata)
    this.#forgetCount()
  }

  /** With our metadata may have gone what only Kafka knew. */
  #forgetCount(): void {
    if (!this.#isBehind()) this.#isUntold = false
  }

  #isBehind(): boolean {
    return !this.#isElsewhere() && this.kafka.newestFlush > this.ledger.lane.flush
  }

  #isElsewhere(): boolean {
    const { clusterId } = this.ledger.lane
    return clusterId !== null && clusterId !== this.kafka.clusterId
  }

  #newRequest() {
    const requestId = this.newId('r')
    this.judge.requested(requestId)
    return { requestId, run: 1, attempt: 0 }
  }
}
