import { describe, expect, it } from 'vitest'
import { normalizeText, toWords } from '../../../src/enrich/match/normalize-text.ts'

describe('normalizeText', () => {
  it.each([
    ['Björk', 'Bjork'],
    ['Ænima', 'AENIMA'],
    ["Kill 'Em All", 'Kill ‘Em All'],
    ['Simon & Garfunkel', 'Simon and Garfunkel'],
    ['B.B. King', 'B. B. King'],
    ['R.E.M.', 'REM'],
    ['Vol. 2... Hard Knock Life', 'Volume 2 - Hard Knock Life'],
    ['A$AP Rocky', 'ASAP Rocky'],
    ['Sound & Colour', 'Sound + Color'],
    ['The Blueprint²', 'The Blueprint2'],
    ['1,372 Overton Park', '1372 Overton Park'],
  ])('takes %s and %s for the same', (left, right) => {
    expect(normalizeText(left)).toBe(normalizeText(right))
  })

  it.each([
    ['÷', '='],
    ['( )', '★'],
    ['三毒史', '科学と神秘'],
  ])('keeps the titles %s and %s apart, though they have no Latin letter', (left, right) => {
    expect(normalizeText(left)).not.toBe(normalizeText(right))
    expect(normalizeText(left)).not.toBe('')
  })

  it('takes two numbers beside a comma for two', () => {
    expect(normalizeText('Symphonies 99,100')).toBe('symphonies 99 100')
  })

  it('takes a word for no property of an object', () => {
    expect(normalizeText('Constructor 2')).toBe('constructor 2')
  })

  it('looks at the beginning of an endless text only', () => {
    expect(normalizeText('la '.repeat(100_000)).length).toBeLessThan(700)
  })
})

describe('toWords', () => {
  it('leaves out words that sources put or leave out at will', () => {
    expect(toWords('The Clash')).toEqual(toWords('Clash, The'))
    expect(toWords('A Night At The Opera')).toEqual(toWords('Night At The Opera'))
  })

  it('keeps a name that has no other word', () => {
    expect(toWords('The The')).toEqual(['the', 'the'])
  })
})
