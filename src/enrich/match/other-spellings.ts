import { readSymbols } from './read-symbols.ts'

/** "Newport '58", "Live In '75". */
const SHORT_YEAR = /(?<=^|[\s(])['’‘]([0-9]\d)(?!\d|s)/g
/** Of records there are none from before, and none from years to come. */
const FIRST_OF_CENTURY = 40

/** "L'Olympia" is the Olympia. */
const ELIDED = /(?<=^|[\s(])l['’](?=\p{L}{3})/giu

/** How a title is written elsewhere: a sign by its name, years in full, an article left out; none for most. */
export const otherSpellings = (title: string): string[] => [
  ...readSymbols(title),
  ...spellYears(title),
  ...dropElided(title),
  ...dropPresenter(title),
]

/** "Soul Jazz Records Presents Studio One Rockers". */
const PRESENTER = /^[^()[\]]{2,60}? (?:records|recordings|disques) presents?:? +(?=\S)/i

function dropPresenter(title: string): string[] {
  const bare = /presents?\b/i.test(title) ? title.replace(PRESENTER, '') : title
  return bare === title ? [] : [bare]
}

function dropElided(title: string): string[] {
  const bare = title.replace(ELIDED, '')
  return bare === title ? [] : [bare]
}

function spellYears(title: string): string[] {
  const spelled = title.replace(SHORT_YEAR, (_short, year) => `${Number(year) < FIRST_OF_CENTURY ? 20 : 19}${year}`)
  return spelled === title ? [] : [spelled]
}
