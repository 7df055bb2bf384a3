import type { Candidate } from '../../src/album.ts'
import type { Pair } from './read-pairs.ts'

export interface Judged extends Pair {
  decision: Candidate
}

/** A share with the bounds of its 95 % interval. */
type Interval = [low: number, high: number] | null

export interface Figures {
  pairs: number
  accepted: number
  rejected: number
  open: number
  /** Of the accepted ones, the share that is right; null when none was accepted. */
  precision: number | null
  /** Of the true matches, the share that was accepted. */
  recall: number | null
  f1: number | null
  /** Of the rejected ones, the share that is right. */
  rejectPrecision: number | null
  /** Share that was decided. */
  decided: number | null
  precisionInterval: Interval
  recallInterval: Interval
  rejectPrecisionInterval: Interval
  /** Verdicts by label. */
  confusion: Record<Pair['label'], Record<Candidate['verdict'], number>>
}

export function measure(pairs: readonly Judged[]): Figures {
  const count = (verdict: Candidate['verdict'], label: Pair['label']) =>
    pairs.filter((pair) => pair.decision.verdict === verdict && pair.label === label).length
  const row = (label: Pair['label']) => ({
    accept: count('accept', label),
    reject: count('reject', label),
    open: count('open', label),
  })
  const confusion = { match: row('match'), no_match: row('no_match') }
  const accepted = confusion.match.accept + confusion.no_match.accept
  const rejected = confusion.match.reject + confusion.no_match.reject
  const matches = confusion.match.accept + confusion.match.reject + confusion.match.open
  const precision = toShare(confusion.match.accept, accepted)
  const recall = toShare(confusion.match.accept, matches)
  return {
    pairs: pairs.length,
    accepted,
    rejected,
    open: confusion.match.open + confusion.no_match.open,
    precision,
    recall,
    f1: precision === null || recall === null ? null : toShare(2 * precision * recall, precision + recall),
    rejectPrecision: toShare(confusion.no_match.reject, rejected),
    decided: toShare(accepted + rejected, pairs.length),
    precisionInterval: toInterval(confusion.match.accept, accepted),
    recallInterval: toInterval(confusion.match.accept, matches),
    rejectPrecisionInterval: toInterval(confusion.no_match.reject, rejected),
    confusion,
  }
}

/** What the pairs that tell the right verdicts came to. */
export interface ExpectedFigures {
  pairs: number
  /** As expected. */
  right: number
  falseAccepts: number
  falseRejects: number
  accepted: number
  rejected: number
  open: number
}

export function measureExpected(pairs: readonly Judged[]): ExpectedFigures {
  const wrong = pairs.filter((pair) => !isExpected(pair))
  const count = (verdict: string) => pairs.filter(({ decision }) => decision.verdict === verdict).length
  return {
    pairs: pairs.length,
    right: pairs.length - wrong.length,
    falseAccepts: wrong.filter(({ decision }) => decision.verdict === 'accept').length,
    falseRejects: wrong.filter(({ decision }) => decision.verdict === 'reject').length,
    accepted: count('accept'),
    rejected: count('reject'),
    open: count('open'),
  }
}

export function isExpected({ expect, label, decision }: Judged): boolean {
  return (expect ?? (label === 'match' ? 'accept' : 'reject')).split('|').includes(decision.verdict)
}

/** What went wrong, the worst first: false accepts, false rejects, then what stayed open, each from the surest score on. */
export function findMistakes(pairs: readonly Judged[]): Judged[] {
  const rank = ({ decision, label }: Judged) => {
    const score = decision.score ?? 1
    if (decision.verdict === 'accept') return 2 - score
    if (decision.verdict === 'reject') return 4 + score
    return label === 'no_match' ? 8 - score : 8 + score
  }
  return pairs.filter((pair) => !isExpected(pair)).sort((left, right) => rank(left) - rank(right))
}

/** By kind, or by the reason of the label where no kind is told. */
export function groupByKind(pairs: readonly Judged[]): Map<string, Judged[]> {
  // The reasons name sources and titles at their end.
  return Map.groupBy(pairs, ({ kind, why }) => kind ?? why?.replace(/ (\("|by ).*/, '') ?? 'unknown')
}

function toShare(part: number, whole: number): number | null {
  return whole === 0 ? null : round(part / whole)
}

const Z = 1.96

/**
 * Wilson's interval: it stays within 0 and 1, and is honest for a share of 1 over few pairs (Wilson, "Probable
 * inference, the law of succession, and statistical inference", 1927).
 */
export function toInterval(part: number, whole: number): Interval {
  if (whole === 0) return null
  const share = part / whole
  const middle = share + Z ** 2 / (2 * whole)
  const spread = Z * Math.sqrt((share * (1 - share)) / whole + Z ** 2 / (4 * whole ** 2))
  const scale = 1 + Z ** 2 / whole
  return [round(Math.max(0, (middle - spread) / scale)), round(Math.min(1, (middle + spread) / scale))]
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
