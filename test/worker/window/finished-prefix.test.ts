import { expect, test } from 'vitest'
import { finishedPrefix } from '../../../src/worker/window/finished-prefix.ts'

test('the finished prefix ends before the first unfinished delivery', () => {
  const isEven = (number: number) => number % 2 === 0
  expect(finishedPrefix([2, 4, 5, 6], isEven)).toEqual([2, 4])
  expect(finishedPrefix([2, 4], isEven)).toEqual([2, 4])
  expect(finishedPrefix([1, 2], isEven)).toEqual([])
})
