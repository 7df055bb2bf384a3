import { expect, test } from 'vitest'
import { judgeRefusals, type RefusalFigures } from './database-faults.ts'

const GOOD: RefusalFigures = {
  fault: 'databaseReadOnly',
  cause: 'DATABASE_READ_ONLY',
  isAtWork: true,
  heldAfter: 0.5,
  mistold: {},
  looks: 190,
  resultAfter: 10,
}

test('a refusal is clean when it struck at work, was told as what it was, cost no album, and results came in time', () => {
  expect(judgeRefusals([], 3), 'no refusal, no rule').toEqual([])
  expect(judgeRefusals([GOOD], 0)).toEqual([])
  const faulty: [Partial<RefusalFigures>, RegExp][] = [
    [{ isAtWork: false }, /began while nothing came/],
    [{ heldAfter: null }, /never held for DATABASE_READ_ONLY/],
    [{ mistold: { none: 2 } }, /2 looks told none, not DATABASE_READ_ONLY/],
    [{ resultAfter: 10.1 }, /first result after 10.1 s/],
    [{ resultAfter: null }, /no result/],
  ]
  for (const [change, told] of faulty)
    expect(judgeRefusals([{ ...GOOD, ...change }], 0)).toEqual([expect.stringMatching(told)])
  expect(judgeRefusals([GOOD], 1)).toEqual([expect.stringMatching(/1 albums were given up/)])
})
