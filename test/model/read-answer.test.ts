import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../src/model/read-answer.ts'

const say = (...numbers: number[]) =>
  JSON.stringify({
    verdicts: numbers.map((candidate) => ({ candidate, verdict: 'accept', reason: `number ${candidate}` })),
  })

describe('readAnswer', () => {
  it('orders the verdicts by number', () => {
    expect(readAnswer(say(2, 1), 2).map(({ reason }) => reason)).toEqual(['number 1', 'number 2'])
  })

  it('takes out of a reason what PostgreSQL could not store', () => {
    const text = '{"verdicts":[{"candidate":1,"verdict":"accept","reason":"sa\\u0000me \\ud83d"}]}'
    expect(readAnswer(text, 1)).toEqual([{ verdict: 'accept', reason: 'sa me \ufffd' }])
  })

  const draft = 'first {"verdicts":[{"candidate":1,"verdict":"open","reason":"?"}]}, but'
  it.each([
    `<think>${draft}</think>`,
    `${draft}</think>`,
    `[THINK]${draft}[/THINK]`,
    `<seed:think>${draft}</seed:think>`,
    `◁think▷${draft}◁/think▷`,
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>`,
    `<|channel|>analysis<|message|>${draft}<|end|><|channel|>final <|constrain|>json<|message|>`,
    `<|channel|>analysis<|message|>${draft}<|end|><|channel|>final json<|message|>`,
  ])('reads what stands behind the thinking: %s', (thinking) => {
    expect(readAnswer(thinking + say(1), 1)).toEqual([{ verdict: 'accept', reason: 'number 1' }])
  })

  it.each([
    ['misses a candidate', say(1), 'says nothing of candidate 2'],
    ['repeats a candidate', say(1, 1, 2), 'judges a candidate twice'],
    ['invents a candidate', say(1, 2, 3), 'judges more than'],
    ['counts from zero', say(0, 1), 'says nothing of candidate 2'],
    ['has a fraction for a number', say(1, 1.5), 'says nothing of candidate 2'],
    ['is prose', 'They are all fine.', 'is not JSON'],
    ['has another shape', '{"answers": []}', 'is not in the shape'],
    ['has an unknown verdict', '{"verdicts":[{"candidate":1,"verdict":"maybe","reason":""}]}', 'is not in the shape'],
  ])('refuses an answer that %s', (_what, text, message) => {
    expect(() => readAnswer(text, 2)).toThrow(expect.objectContaining({ code: 'MODEL_BAD_ANSWER' }))
    expect(() => readAnswer(text, 2)).toThrow(message)
  })
})
