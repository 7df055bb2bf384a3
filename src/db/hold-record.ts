/** Why the service does not go on by itself, or will only when something has come back. */
export interface HoldRecord {
  /** For example AMAZON_NOT_ELIGIBLE, flood, other_cluster. */
  cause: string
  message: string
  /** What a person can do. */
  remedy: string
  /** ISO time. */
  since: string
}

/** Cause of the hold that only a person ends, so it outlives whoever made it. */
export const FLOOD = 'flood'
