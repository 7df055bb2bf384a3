/** What a run came to, as it lies in the ledger and, later, in a topic. */
export interface Decision {
  kind: 'result' | 'dead letter' | 'retry'
  requestId: string
  run: number
  attempt: number
  resultId: string
  decidedAt: number
}

export function tellDecision({ kind, requestId, run, attempt, resultId }: Decision): string {
  return `${kind} ${resultId} of ${requestId}, run ${run}, attempt ${attempt}`
}

/** The walk broke a promise. */
export class Breach extends Error {}

interface Move {
  /** The step of the walk. */
  at: number
  topic: string
  /** Whether the lane has started since, so that more than Kafka knows of it. */
  isSeen: boolean
  /** Not if the offset was lost before it was seen: then nobody can know, and it may be done all the same. */
  isDue: boolean
}

interface Story {
  /** Every record of the request in the lane that was ever taken, by topic the highest. */
  taken: Map<string, bigint>
  /** Offsets were moved back to before a record that was taken: from each on, one more result is due. */
  moves: Move[]
  /** How often an offset was moved back to before a record of the request, taken or not. */
  timesMoved: number
  published: Decision[]
  /** How often the ledger has forgotten it: runs are counted anew from then on, and nothing is known to be paid for. */
  timesForgotten: number
  /** How many of `published` were before. */
  forgottenAt: number
  /** An operator skipped it, so nothing is due until an offset is moved back again. */
  isSkipped: boolean
}

/** Watches a walk from outside, and knows nothing of the rule. */
export class Judge {
  /** Counts the steps of the walk. */
  now = 0
  /** The group's offsets were lost: what was published last may come again, with the same resultId. */
  #mayRepeat = false
  /** The database was put back, or the cluster is another one: what was published may be decided again. */
  #mayDouble = false
  /** By topic the offset below which an operator skipped what was not done. */
  readonly #skippedTo = new Map<string, bigint>()
  readonly #stories = new Map<string, Story>()
  readonly #stored = new Set<string>()
  readonly #asked = new Set<string>()

  requested(requestId: string): void {
    const nothingYet = { taken: new Map(), moves: [], timesMoved: 0, published: [], isSkipped: false }
    this.#stories.set(requestId, { ...nothingYet, timesForgotten: 0, forgottenAt: 0 })
  }

  taken(requestId: string, run: number, topic: string, offset: bigint): void {
    const story = this.#story(requestId)
    const { taken, timesMoved } = story
    if (run - 1 > timesMoved && !this.#mayDouble)
      throw new Breach(`paid twice: run ${run} of ${requestId}, and offsets were moved ${timesMoved} times`)
    if (offset > (taken.get(topic) ?? -1n)) taken.set(topic, offset)
    // By a process that does not know yet. The record that was skipped is the request's now, so its other copies are stale.
    if (offset < (this.#skippedTo.get(topic) ?? 0n)) story.isSkipped = true
  }

  /** @param records the requests that lie in the topic at or above the new offset */
  moved(topic: string, offset: bigint, records: string[]): void {
    const skippedTo = this.#skippedTo.get(topic) ?? 0n
    if (offset < skippedTo) this.#skippedTo.set(topic, offset)
    for (const requestId of records) {
      const story = this.#story(requestId)
      story.timesMoved += 1
      if ((story.taken.get(topic) ?? -1n) >= offset)
        story.moves.push({ at: this.now, topic, isSeen: false, isDue: true })
      else if (story.taken.size > 0) continue
      story.isSkipped = false
    }
  }

  /** @param records the requests that are passed over */
  skipped(topic: string, offset: bigint, records: string[]): void {
    this.#skippedTo.set(topic, offset)
    for (const requestId of records) this.#story(requestId).isSkipped = true
  }

  /** The ledger's row is gone. Whatever was delivered may still not end again, unless offsets are moved. */
  forgotten(requestId: string): void {
    const story = this.#story(requestId)
    story.timesForgotten += 1
    story.forgottenAt = story.published.length
  }

  /** A worker has compared Kafka with PostgreSQL at that step, and stored what it found. */
  started(comparedAt: number): void {
    for (const { moves } of this.#stories.values())
      for (const move of moves) if (move.at <= comparedAt) move.isSeen = true
  }

  /** With an offset goes what only Kafka knew: that somebody had moved it. */
  offsetsLost(topics: readonly string[]): void {
    this.#mayRepeat = true
    for (const { moves } of this.#stories.values())
      for (const move of moves) if (!move.isSeen && topics.includes(move.topic)) move.isDue = false
  }

  /** Nothing may be lost all the same; but what was asked for before is forgotten. */
  memoryLost(): void {
    this.#mayDouble = true
    this.#stored.clear()
    for (const story of this.#stories.values()) {
      story.moves = []
      story.taken.clear()
    }
  }

  asked(requestId: string, run: number, stage: string): void {
    const key = this.#keyOf(requestId, run, stage)
    if (this.#stored.has(key)) throw new Breach(`paid twice: ${stage} of ${requestId} in run ${run}`)
    this.#asked.add(key)
  }

  answerStored(requestId: string, run: number, stage: string): void {
    this.#stored.add(this.#keyOf(requestId, run, stage))
  }

  /** A run that uses another run's answers has replayed nothing. */
  enriched(requestId: string, run: number, stages: readonly string[]): void {
    const missing = stages.find((stage) => !this.#asked.has(this.#keyOf(requestId, run, stage)))
    if (missing !== undefined && !this.#mayDouble)
      throw new Breach(`not replayed: run ${run} of ${requestId} never asked for ${missing}`)
  }

  published(decision: Decision): void {
    const { requestId, run, attempt, kind, resultId } = decision
    const { published, forgottenAt } = this.#story(requestId)
    if (published.some((other) => other.resultId === resultId)) {
      if (this.#mayRepeat || this.#mayDouble) return
      throw new Breach(`doubled: ${kind} ${resultId} of ${requestId} was published before`)
    }
    const known = published.slice(forgottenAt)
    const isDouble = known.some((it) => it.run === run && (it.attempt === attempt || it.kind !== 'retry'))
    if (isDouble && !this.#mayDouble) throw new Breach(`doubled: run ${run} of ${requestId} had ended`)
    published.push(decision)
  }

  committed(topic: string, before: bigint | undefined, offset: bigint): void {
    if (before === undefined || offset >= before) return
    throw new Breach(`offset of ${topic} went back by a commit, from ${before} to ${offset}`)
  }

  /** At the end, once nothing is left to do. */
  finish(): void {
    for (const [requestId, { moves, published, isSkipped }] of this.#stories) {
      const ends = published.filter(({ kind }) => kind !== 'retry')
      const endsBetween = (from: number, to: number) =>
        ends.filter(({ decidedAt }) => decidedAt > from && decidedAt <= to).length
      const bounds = [0, ...moves.map(({ at }) => at)]
      for (const [index, from] of bounds.entries()) {
        const count = endsBetween(from, bounds[index + 1] ?? Number.POSITIVE_INFINITY)
        if (count > 1 && !this.#mayDouble)
          throw new Breach(`doubled: ${requestId} ended ${count} times${tellMove(from)}`)
      }
      const since = moves.findLast(({ isDue }) => isDue)?.at ?? 0
      if (!isSkipped && endsBetween(since, Number.POSITIVE_INFINITY) === 0)
        throw new Breach(`${since === 0 ? 'lost' : 'not replayed'}: ${requestId} never ended${tellMove(since)}`)
    }
  }

  #keyOf(requestId: string, run: number, stage: string): string {
    return `${requestId}/${this.#story(requestId).timesForgotten}/${run}/${stage}`
  }

  #story(requestId: string): Story {
    const story = this.#stories.get(requestId)
    if (story === undefined) throw new Error(`nobody requested ${requestId}`)
    return story
  }
}

function tellMove(step: number): string {
  return step === 0 ? '' : ` after offsets were moved at step ${step}`
}
