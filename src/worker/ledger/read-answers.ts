import type { Judgement, Match } from '../../enrich/match/match-album.ts'

/** Answers as they are stored, in the form of this build: one before 2026-11 kept the whole match in place of the model's answer. */
export function readAnswers(stored: Record<string, unknown>): Record<string, unknown> {
  const { match, ...answers } = stored as { match?: Match }
  if (match?.model == null || 'model' in answers) return answers
  const verdicts = match.candidates
    .filter(({ decidedBy }) => decidedBy === 'model')
    .map(({ product: { asin }, verdict, reason }) => ({ asin, verdict, reason }))
  return { ...answers, model: { verdicts, use: match.model } satisfies Judgement }
}
