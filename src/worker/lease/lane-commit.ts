import type { Position } from '../lane-position.ts'

/**
 * What every commit of ours says in the offset's metadata. A tool that resets offsets leaves it out, so it tells an
 * offset that we committed from one that somebody moved.
 */
export interface CommitStamp {
  /** Counts the lane's commits for ever; stored in PostgreSQL before each. */
  flush: number
  /** The lane's fence under which it was committed: counts takeovers. */
  fence: number
}

const STAMP = /^ae1 flush=([1-9]\d{0,14}) fence=([1-9]\d{0,14})$/

export function formatStamp({ flush, fence }: CommitStamp): string {
  return `ae1 flush=${flush} fence=${fence}`
}

/** @returns null for anything that we would not have written ourselves */
export function parseStamp(metadata: string | null): CommitStamp | null {
  const [, flush, fence] = STAMP.exec(metadata ?? '') ?? []
  return flush === undefined || fence === undefined ? null : { flush: Number(flush), fence: Number(fence) }
}

export interface StampedOffset extends Position {
  metadata: string
}

/** What is known of a delivered record once it is done. */
interface Done {
  topic: string
  /** Where the next record stands, control records skipped. */
  nextOffset: bigint
}

/**
 * The offsets of one commit: each topic's, moved or not, so that all of them carry the same counter and a topic with a
 * lower one shows that it was put back.
 *
 * @param committed where each of the lane's topics stands; no offset goes below it
 * @param done the finished beginning of each topic, in any order
 */
export function stampOffsets(
  committed: ReadonlyMap<string, bigint>,
  done: readonly Done[],
  stamp: CommitStamp,
): StampedOffset[] {
  const metadata = formatStamp(stamp)
  return [...committed].map(([topic, before]) => {
    const offset = done.reduce((top, it) => (it.topic === topic && it.nextOffset > top ? it.nextOffset : top), before)
    return { topic, offset, metadata }
  })
}

/** Whether a delivery is still to be done: KafkaJS may have read the committed offset before our predecessor's last commit. */
export function isPending(committed: ReadonlyMap<string, bigint>, { topic, offset }: Position): boolean {
  const from = committed.get(topic)
  return from !== undefined && offset >= from
}
