import { toKey } from './artist-names.ts'

/** What people call the self-titled albums of one artist, with the year of each. */
const NICKNAMES: [artist: string, nickname: string, year: number][] = [
  ['The Beatles', 'white', 1968],
  ['The Beatles', 'red', 1973],
  ['The Beatles', 'blue', 1973],
  ['Metallica', 'black', 1991],
  ['Weezer', 'blue', 1994],
  ['Weezer', 'green', 2001],
  ['Weezer', 'red', 2008],
  ['Weezer', 'white', 2016],
  ['Weezer', 'teal', 2019],
  ['Weezer', 'black', 2019],
  ['Peter Gabriel', 'car', 1977],
  ['Peter Gabriel', 'scratch', 1978],
  ['Peter Gabriel', 'melt', 1980],
  ['Peter Gabriel', 'security', 1982],
  ['Genesis', 'shapes', 1983],
  ['Heart', 'blue', 1985],
  ['Killing Joke', 'clown', 2003],
]

/** Whether the words are the nickname of the artist's album of this year ("The White Album"); an unknown year is not. */
export function isNickname(artists: readonly string[], words: readonly string[], year: number | null): boolean {
  return NICKNAMES.some(
    ([artist, nickname, released]) =>
      released === year &&
      artists.includes(toKey(artist)) &&
      words.every((word) => word === nickname || word === 'album' || word === 'cover'),
  )
}

/** The nickname, of whichever of the artist's albums, that one of the notes is; undefined when none is. */
export function findNickname(artists: readonly string[], notes: readonly string[]): string | undefined {
  const named = notes.flatMap((note) => /^(the )?(\w+) (album|record)$/.exec(note)?.[2] ?? [])
  if (named.length === 0) return undefined
  return NICKNAMES.find(([artist, nickname]) => artists.includes(toKey(artist)) && named.includes(nickname))?.[1]
}

/** The one nickname of what the artist made that year; undefined when none is known, or several are. */
export function findNicknameOf(artists: readonly string[], year: number | null): string | undefined {
  const [one, ...others] = NICKNAMES.filter(
    ([artist, , released]) => released === year && artists.includes(toKey(artist)),
  )
  return others.length === 0 ? one?.[1] : undefined
}
