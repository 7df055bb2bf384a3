import type { Refusal } from './refusal.ts'
import { isTooLarge, wordsOf } from './refusal-signs.ts'

/** Whole numbers of three digits and more, and no parts of versions, dates or models' names. */
const NUMBER = /(?<![\w.-])(?:\d{1,3}(?:,\d{3}){1,3}(?!\d)|\d{3,9})(?![\w-])/g

/** How many tokens an answer may have. */
interface AnswerRoom {
  /** To the question that was refused. */
  tokens: number
  /** To any other, which may be longer. */
  toOthers: number
}

/**
 * The room that a host has for an answer, by the numbers with which it refuses the one asked for: its limit, or its context
 * with the question's tokens or the sum of both.
 *
 * @param asked how many tokens the refused request allowed its answer
 * @returns undefined where no such numbers are told
 */
export function readAnswerRoom(refusal: Refusal, asked: number): AnswerRoom | undefined {
  const told = new Set([...wordsOf(refusal).matchAll(NUMBER)].map(([number]) => Number(number.replaceAll(',', ''))))
  told.delete(refusal.status)
  const isAskedTold = told.delete(asked)
  const most = Math.max(...told)
  if (most > asked && (told.has(most - asked) || !isAskedTold)) {
    const question = most - asked
    told.delete(most)
    told.delete(question)
    return roomIn(Math.max(...told), question, asked)
  }
  // A limit of answers alone.
  if (told.size === 1 && !isTooLarge(refusal)) return roomIn(most, 0, asked)
  // Without ours among them they may be about the question alone.
  return told.size > 1 && isAskedTold ? roomIn(most, Math.min(...told), asked) : undefined
}

function roomIn(context: number, question: number, asked: number): AnswerRoom | undefined {
  // One less, as some tell the first number that is too large.
  const tokens = context - question - 1
  if (tokens < 0 || tokens >= asked) return undefined
  // Of a context that the question shares, half: more would be refused again with each longer question.
  return { tokens, toOthers: question === 0 ? tokens : Math.min(asked, Math.floor(context / 2)) }
}
