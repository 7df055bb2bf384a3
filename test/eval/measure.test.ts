import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/album.ts'
import { sampleProduct } from '../data/samples.ts'
import { findMistakes, type Judged, measure, measureExpected, toInterval } from './measure.ts'
import type { Pair } from './read-pairs.ts'

function judged(label: Pair['label'], verdict: Verdict, score: number, expected?: string): Judged {
  return {
    album: { title: `${label} ${verdict} ${score}`, artists: ['A'] },
    product: { asin: 'B000000001', title: 'T' },
    label,
    ...(expected !== undefined && { expect: expected }),
    decision: { product: sampleProduct('T'), verdict, decidedBy: 'rules', score, parts: [], reason: '' },
  }
}

describe('measure', () => {
  it('counts each verdict by its label', () => {
    const figures = measure([
      judged('match', 'accept', 1),
      judged('match', 'accept', 0.9),
      judged('match', 'open', 0.6),
      judged('match', 'reject', 0.4),
      judged('no_match', 'accept', 0.8),
      judged('no_match', 'reject', 0),
    ])
    expect(figures).toMatchObject({ pairs: 6, precision: 0.6667, recall: 0.5, rejectPrecision: 0.5, decided: 0.8333 })
    expect(figures.confusion.match).toEqual({ accept: 2, reject: 1, open: 1 })
  })

  it('has no figure where there is nothing to count', () => {
    expect(measure([])).toMatchObject({ precision: null, recall: null, rejectPrecisionInterval: null, decided: null })
  })

  it('takes any of the expected verdicts for right', () => {
    const figures = measureExpected([
      judged('no_match', 'open', 0.6, 'reject|open'),
      judged('no_match', 'accept', 0.9, 'reject|open'),
      judged('match', 'reject', 0.2, 'accept|open'),
    ])
    expect(figures).toEqual({ pairs: 3, right: 1, falseAccepts: 1, falseRejects: 1, accepted: 1, rejected: 1, open: 1 })
  })
})

describe('findMistakes', () => {
  it('names the surest false accept first, then false rejects, then what is open', () => {
    const pairs = [
      judged('match', 'open', 0.6),
      judged('match', 'reject', 0.1),
      judged('no_match', 'accept', 0.8),
      judged('no_match', 'accept', 1),
      judged('match', 'accept', 1),
    ]
    expect(findMistakes(pairs).map(({ decision }) => [decision.verdict, decision.score])).toEqual([
      ['accept', 1],
      ['accept', 0.8],
      ['reject', 0.1],
      ['open', 0.6],
    ])
  })
})

describe('toInterval', () => {
  it.each([
    // From Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", 2001.
    [0, 10, [0, 0.2775]],
    [5, 10, [0.2366, 0.7634]],
    [10, 10, [0.7225, 1]],
  ])('bounds %i of %i', (part, whole, interval) => {
    expect(toInterval(part, whole)).toEqual(interval)
  })
})
