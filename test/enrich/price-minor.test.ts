import { expect, test } from 'vitest'
import { formatMinorUnits, toMinorUnits } from '../../src/enrich/price-minor.ts'

test('every cent from 0.01 to 10,000.00 comes out exact, however binary fractions fall', () => {
  for (let cents = 1; cents <= 1_000_000; cents += 1) {
    const amount = Number((cents / 100).toFixed(2))
    if (toMinorUnits({ amount, currency: 'USD' }) !== cents) expect.fail(`${amount} became another number of cents`)
  }
})

test('yen have no minor unit, dinars three decimals', () => {
  expect(toMinorUnits({ amount: 1_200, currency: 'JPY' })).toBe(1_200)
  expect(toMinorUnits({ amount: 1.234, currency: 'KWD' })).toBe(1_234)
  expect(formatMinorUnits(1_200, 'JPY')).toBe('1200 JPY')
  expect(formatMinorUnits(5_949, 'CAD')).toBe('59.49 CAD')
})
