import { remember } from './remember.ts'

/** The note that each language gives a key by; German has its own letter for ours. */
const NOTES: Record<string, string> = {
  h: 'b',
  b: 'b flat',
  es: 'e flat',
  as: 'a flat',
  ut: 'c',
  do: 'c',
  re: 'd',
  mi: 'e',
  fa: 'f',
  sol: 'g',
  la: 'a',
  si: 'b',
}
const MODE = /\b(m(aj|in)or|dur|moll|m(aj|in)eur|maggiore|minore|mayor|menor|maior)\b/
const ENGLISH = /\b([a-g])(b| flat| sharp)? (major|minor)\b/g
const GERMAN = /\b([a-h]|[ea]s|[a-h]is|[cdgh]es) (dur|moll)\b/g
const ROMANCE =
  /\b(ut|do|re|mi|fa|sol|la|si)( bemol(?:le)?| diese?| diesis| sostenido)? (majeur|mineur|maggiore|minore|mayor|menor|maior)\b/g

/** The keys that normalized words name, in one spelling: "h moll" and "si mineur" are "b minor". */
const readKeys = remember((text: string): string[] => {
  if (!MODE.test(text)) return []
  const english = [...text.matchAll(ENGLISH)].map(([, note = '', sign = '', mode = '']) => {
    return `${note}${sign === 'b' ? ' flat' : sign} ${mode}`
  })
  const german = [...text.matchAll(GERMAN)].map(([, note = '', mode]) => {
    const [letter = ''] = note
    const sign = note.endsWith('is') ? ' sharp' : note.endsWith('es') ? ' flat' : ''
    return `${NOTES[note] ?? `${letter}${sign}`} ${mode === 'dur' ? 'major' : 'minor'}`
  })
  const romance = [...text.matchAll(ROMANCE)].map(([, note = '', sign = '', mode = '']) => {
    const spelled = sign === '' ? '' : sign.startsWith(' bemol') ? ' flat' : ' sharp'
    return `${NOTES[note]}${spelled} ${/^(majeur|ma[gyi])/.test(mode) ? 'major' : 'minor'}`
  })
  return [...english, ...german, ...romance]
})

/** Whether two titles name one key, or two; null where one of them names none. */
export function haveOneKey(ours: string, theirs: string): boolean | null {
  const [left, right] = [readKeys(ours), readKeys(theirs)]
  if (left.length === 0 || right.length === 0) return null
  return left.some((key) => right.includes(key))
}
