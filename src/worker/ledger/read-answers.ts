import type { Match } from '../../enrich/match/match-album.ts'
import { type KeptAnswer, nameAnswer } from '../../model/keep-answers.ts'

/**
 * Answers as they are stored, in the form of this build: those before kept all that the model had said of an album under
 * one name, or the whole match.
 */
export function readAnswers(stored: Record<string, unknown>): Record<string, unknown> {
  const { match, model, ...answers } = stored as { match?: Match; model?: KeptAnswer }
  const told = model ?? toAnswer(match)
  return told === undefined ? answers : { ...answers, [nameAnswer(told.verdicts.map(({ asin }) => asin))]: told }
}

function toAnswer(match: Match | undefined): KeptAnswer | undefined {
  if (match?.model == null) return undefined
  const verdicts = match.candidates
    .filter(({ decidedBy }) => decidedBy === 'model')
    .map(({ product: { asin }, verdict, reason }) => ({ asin, verdict, reason }))
  return { verdicts, use: match.model }
}
