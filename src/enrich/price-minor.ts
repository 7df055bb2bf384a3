import type { Price } from '../album.ts'

/** A price in the currency's minor unit: 59.49 USD is 5949, 1200 JPY is 1200. Rounded to nearest, never cut off. */
export function toMinorUnits({ amount, currency }: Price): number {
  return Math.round(amount * 10 ** exponentOf(currency))
}

/** For people: "59.49 USD". */
export function formatMinorUnits(minor: number, currency: string): string {
  const exponent = exponentOf(currency)
  return `${(minor / 10 ** exponent).toFixed(exponent)} ${currency}`
}

// Asking Intl takes 20 µs, which a backlog of prices would feel.
const exponents = new Map<string, number>()

/** ISO 4217's number of decimals, 2 for most, 0 for JPY. */
function exponentOf(currency: string): number {
  const known = exponents.get(currency)
  if (known !== undefined) return known
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
  exponents.set(currency, maximumFractionDigits)
  return maximumFractionDigits
}
