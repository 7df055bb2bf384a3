/** How long a request waits before it is tried again; each tier has a topic of its own. */
export interface RetryTier {
  /** The delay as the settings write it, for example 10m: the end of the topic's name. */
  label: string
  /** Milliseconds. */
  delayMs: number
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 }
const MOST_TIERS = 10
/** A week: in a fixed number of tiers nothing longer makes sense, and relay knows a senseless time by it. */
export const LONGEST_DELAY_MS = 7 * 24 * 3_600_000

/**
 * The tiers that a setting such as "1m,10m,1h" names.
 *
 * @returns null unless it is 1 to 10 whole numbers above 0 with s, m or h, ascending, none above a week
 */
export function parseRetryDelays(text: string): RetryTier[] | null {
  const tiers = text.split(',').map((item) => {
    const label = item.trim()
    const [, amount, unit = ''] = /^([1-9]\d{0,5})([smh])$/.exec(label) ?? []
    return { label, delayMs: Number(amount) * (UNIT_MS[unit] ?? Number.NaN) }
  })
  const isGood = tiers.every(
    ({ delayMs }, index) => delayMs <= LONGEST_DELAY_MS && delayMs > (tiers[index - 1]?.delayMs ?? 0),
  )
  return isGood && tiers.length <= MOST_TIERS ? tiers : null
}
