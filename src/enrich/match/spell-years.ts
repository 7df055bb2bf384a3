/** "Newport '58", "Live In '75". */
const SHORT_YEAR = /(?<=^|[\s(])['’‘]([0-9]\d)(?!\d|s)/g
/** Of records there are none from before, and none from years to come. */
const FIRST_OF_CENTURY = 40

/** The title with its years in full, where it has some in two digits; none for other titles. */
export function spellYears(title: string): string[] {
  const spelled = title.replace(SHORT_YEAR, (_short, year) => `${Number(year) < FIRST_OF_CENTURY ? 20 : 19}${year}`)
  return spelled === title ? [] : [spelled]
}
