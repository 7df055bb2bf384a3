import type { Claim, RequestCopy } from '../../../src/worker/ledger/delivery-rule.ts'
import { finishedPrefix } from '../../../src/worker/window/finished-prefix.ts'
import { type Decision, tellDecision } from './judge.ts'
import { LANE_TOPICS, type LaneTopic } from './model-kafka.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const STAGES = ['search', 'match'] as const
/** Records of a topic in hand at once. */
const WINDOW = 4
const LAST_ATTEMPT = 2

/** The lane turned out to be lost. */
export class GivenUp extends Error {}

/** A delivered record and how far the work on it is. */
export interface Slot {
  topic: LaneTopic
  nextOffset: bigint
  requestId: string
  copy: RequestCopy
  state: 'waiting' | 'working' | 'done'
  claim: Claim
  answers: ReadonlySet<string>
  /** A stage that has answered, and whose answer is not stored yet. */
  answered: string | null
  outcome: Decision | null
}

/** What the work needs to know of the worker that does it. */
export interface LaneOwner {
  readonly name: string
  /** Its fencing token. */
  readonly token: number
  /** Thrown out of the group, and not told yet. */
  readonly isZombie: boolean
  readonly committed: ReadonlyMap<string, bigint>
}

/** The deliveries that a worker has in hand. */
export class ModelWork {
  readonly #owner: LaneOwner
  readonly #world: World
  #slots: Record<LaneTopic, Slot[]> = { enrichment: [], express: [] }
  #fetchFrom: Record<LaneTopic, bigint> = { enrichment: 0n, express: 0n }

  constructor(owner: LaneOwner, world: World) {
    this.#owner = owner
    this.#world = world
  }

  get isDone(): boolean {
    const { kafka } = this.#world
    return LANE_TOPICS.every(
      (topic) => this.#slots[topic].length === 0 && kafka.lane[topic].read(this.#fetchFrom[topic], 1).length === 0,
    )
  }

  /** KafkaJS reads the committed offset when it joins, before anybody fenced the lane's last owner. */
  fetchFromCommitted(): void {
    const { kafka } = this.#world
    for (const topic of LANE_TOPICS) this.#fetchFrom[topic] = kafka.group.get(topic)?.offset ?? kafka.lane[topic].start
  }

  drop(): void {
    this.#slots = { enrichment: [], express: [] }
  }

  dropCommitted(): void {
    const { committed } = this.#owner
    for (const topic of LANE_TOPICS) {
      this.#slots[topic] = this.#slots[topic].filter(({ copy }) => this.#world.rules.isPending(committed, copy))
      const from = committed.get(topic) ?? 0n
      // Then the worker joins again, now that the committed offset is the right one.
      if (this.#fetchFrom[topic] > from) this.#fetchFrom[topic] = from
    }
  }

  remove(slots: readonly Slot[]): void {
    for (const topic of LANE_TOPICS) this.#slots[topic] = this.#slots[topic].filter((slot) => !slots.includes(slot))
  }

  finished(): Slot[] {
    return LANE_TOPICS.flatMap((topic) => finishedPrefix(this.#slots[topic], ({ state }) => state === 'done'))
  }

  fetch(random: Random): void {
    const { kafka, rules } = this.#world
    const { committed, isZombie, name } = this.#owner
    const topic = random.pick(LANE_TOPICS)
    const slots = this.#slots[topic]
    if (slots.length >= WINDOW || isZombie) return
    for (const { offset, nextOffset, record } of kafka.lane[topic].read(this.#fetchFrom[topic], 1 + random.int(3))) {
      this.#fetchFrom[topic] = nextOffset
      const { requestId, run, attempt } = record
      const copy = { topic, offset, run, attempt }
      const last = slots.at(-1)
      const isKnown = rules.attaches && last !== undefined && offset <= last.copy.offset
      if (isKnown || !rules.isPending(committed, copy)) continue
      const claim = { run: 0, attempt: 0, source: copy }
      const known = { topic, nextOffset, requestId, copy, claim }
      slots.push({ ...known, state: 'waiting', answers: new Set(), answered: null, outcome: null })
      this.#world.note(() => `${name} is delivered ${requestId} from ${topic} ${offset}`)
    }
  }

  /** One step of one delivery. @throws GivenUp */
  goOn(random: Random): void {
    const busy = LANE_TOPICS.flatMap((topic) => this.#slots[topic]).filter(({ state }) => state !== 'done')
    if (busy.length === 0) return
    const slot = random.pick(busy)
    if (slot.state === 'waiting') this.#open(slot)
    else if (slot.answered !== null) this.#store(slot, slot.answered)
    else {
      const stage = STAGES.find((name) => !slot.answers.has(name))
      if (stage !== undefined && !random.chance(this.#world.failing)) this.#ask(slot, stage)
      else this.#decide(slot, stage === undefined)
    }
  }

  /** Judges the delivery; a request has one delivery in work at a time. */
  #open(slot: Slot): void {
    const { ledger, rules, judge } = this.#world
    const { requestId, copy } = slot
    const isBusy = LANE_TOPICS.some((topic) =>
      this.#slots[topic].some((other) => other.state === 'working' && other.requestId === requestId),
    )
    if (isBusy) return
    this.#checkToken()
    const row = ledger.rows.get(requestId)
    const verdict = rules.judgeDelivery(row ?? null, copy)
    this.#note(() => `opens ${requestId} from ${copy.topic} ${copy.offset}: ${verdict.kind}`)
    if (verdict.kind === 'work') {
      const answers = verdict.dropsAnswers || row === undefined ? new Set<string>() : row.answers
      const origin = row?.origin ?? { topic: copy.topic, offset: copy.offset }
      ledger.rows.set(requestId, { ...verdict.row, answers, origin })
      judge.taken(requestId, verdict.row.run, copy.topic, copy.offset)
      slot.claim = verdict.row
      slot.answers = answers
      slot.state = 'working'
      return
    }
    slot.state = 'done'
    if (verdict.kind === 'publish') slot.outcome = verdict.decision
    else if (rules.publishesStale) slot.outcome = row?.decision ?? null
  }

  #ask(slot: Slot, stage: string): void {
    const { requestId, claim } = slot
    // A call that a stopped process makes when it wakes may be one that its successor has paid for.
    if (this.#owner.isZombie && this.#world.rules.heedsHeartbeats) throw new GivenUp('its last heartbeat is old')
    this.#world.judge.asked(requestId, claim.run, stage)
    slot.answered = stage
    this.#note(() => `pays for ${stage} of ${requestId}, run ${claim.run}`)
  }

  #store(slot: Slot, stage: string): void {
    const { ledger, judge } = this.#world
    const row = this.#claimedRow(slot)
    slot.answered = null
    if (row === null) return
    slot.answers = new Set([...row.answers, stage])
    ledger.rows.set(slot.requestId, { ...row, answers: slot.answers })
    judge.answerStored(slot.requestId, slot.claim.run, stage)
    this.#note(() => `stores ${stage} of ${slot.requestId}, run ${slot.claim.run}`)
  }

  #decide(slot: Slot, isEnriched: boolean): void {
    const { ledger, judge } = this.#world
    const { requestId } = slot
    const { run, attempt } = slot.claim
    const row = this.#claimedRow(slot)
    if (row === null) return
    if (isEnriched) judge.enriched(requestId, run, STAGES)
    const failed = attempt < LAST_ATTEMPT ? 'retry' : 'dead letter'
    const kind = isEnriched ? 'result' : failed
    const decision = { kind, requestId, run, attempt, resultId: this.#world.newId('#'), decidedAt: judge.now } as const
    ledger.rows.set(requestId, { ...row, decision })
    slot.outcome = decision
    slot.state = 'done'
    this.#note(() => `decides ${tellDecision(decision)}`)
  }

  /** null, and the delivery judged anew, if the row went on without this job. */
  #claimedRow(slot: Slot) {
    const { ledger, rules } = this.#world
    this.#checkToken()
    const row = ledger.rows.get(slot.requestId)
    if (row !== undefined && rules.isClaimed(row, slot.claim)) return row
    slot.state = 'waiting'
    return null
  }

  #checkToken(): void {
    if (!this.#world.ledger.admits(this.#owner.token)) throw new GivenUp('its token is old')
  }

  #note(line: () => string): void {
    this.#world.note(() => `${this.#owner.name} ${line()}`)
  }
}
