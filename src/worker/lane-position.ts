/** A place in one of the lane's topics, which have one partition each. */
export interface Position {
  topic: string
  offset: bigint
}

/** Where the lane goes on, as far as the ledger's rows are concerned. */
export interface LanePosition {
  topics: readonly TopicStart[]
  /** When the lane has come to another cluster: where it had committed in the former one. */
  formerCluster: Readonly<Record<string, bigint>> | null
}

export interface TopicStart {
  topic: string
  from: bigint
  /** Whether somebody moved the offset there. */
  isMoved: boolean
}
