import type { Album } from '../album.ts'

/** Amazon's search heeds no more, and no title needs more. */
const LONGEST = 200
const OPENING = '(['
const CLOSING = ')]'
/** Credits that name nobody, as importers and shops of several languages spell them. */
const NOBODY =
  /^(various|various artists?|v ?\/? ?a|varios|varios artistas|varios interpretes|diverse|diverse (interpreten|künstler|artister|artiesten)|verschiedene( (interpreten|künstler))?|artistes divers|divers( artistes)?|multi ?artistes|vari|artisti vari|aa ?vv|vários( artistas)?|unknown( artist)?|original (soundtrack|(motion picture|broadway) (soundtrack|cast)|cast( recording)?)|soundtrack|オムニバス|ヴァリアス)$/iu
/** Between the names of one credit. A plain "and" or "&" is part of many a band's name. */
const BETWEEN_NAMES = / (?:feat|ft|featuring|with|presents|vs|versus)\b\.? | ?[;|/] ?/iu

/** What an album is searched by, each in words that a shop search understands. */
export interface SearchTexts {
  title: string
  /** All that are credited. */
  artists: string
  /** The first of several, "" for a credit that names nobody; null when there is nothing simpler to try. */
  simpler: string | null
}

export function searchTexts({ title, artists }: Pick<Album, 'title' | 'artists'>): SearchTexts {
  const names = artists.map(({ name }) => name.slice(0, LONGEST).trim())
  const all = shorten(names.slice(0, LONGEST).join(' '))
  const first = (names[0] ?? '').split(BETWEEN_NAMES)[0]?.trim() ?? ''
  const bare = shorten(withoutBrackets(title))
  const named = shorten(first === '' ? (names[0] ?? '') : first)
  return { title: bare, artists: all, simpler: isNobody(first) ? '' : named === all ? null : named }
}

const isNobody = (name: string) => NOBODY.test(name.replace(/[.-]/g, ' ').replace(/\s+/g, ' ').trim())

/**
 * "Legend (The Best Of ...)" is sold as "Legend": what stands in brackets only keeps editions from being found. A bracket
 * that is never closed stays. One pass, whatever the title.
 */
function withoutBrackets(title: string): string {
  const kept: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < title.length; at++) {
    const char = title[at] as string
    if (OPENING.includes(char)) {
      if (depth === 0) {
        kept.push(title.slice(from, at))
        from = at
      }
      depth += 1
    } else if (CLOSING.includes(char) && depth > 0) {
      depth -= 1
      if (depth === 0) from = at + 1
    }
  }
  const bare = kept.concat(title.slice(from)).join(' ').replace(/\s+/g, ' ').trim()
  return bare === '' ? title : bare
}

/** Cut at the end of a word, where there is one. */
function shorten(text: string): string {
  const plain = text
    .slice(0, LONGEST * 10)
    .replace(/\s+/g, ' ')
    .trim()
  if (plain.length <= LONGEST) return plain
  const cut = plain.slice(0, LONGEST).toWellFormed().replaceAll('\ufffd', '')
  const end = cut.lastIndexOf(' ')
  return end > LONGEST / 2 ? cut.slice(0, end) : cut
}
