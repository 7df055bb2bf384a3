import type { Product } from '../../album.ts'
import { MAX_NAMES } from './bounds.ts'
import type { AlbumArtists } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readTitle } from './read-title.ts'
import { toTitleWords } from './title-forms.ts'

/** Whether a shop has the artist's name for the title and the title for the artist, as sellers fill in forms: "Eagles" by "Hotel California". */
export function isSwapped({ forms }: AlbumTitle, { acts }: AlbumArtists, { title, contributors }: Product): boolean {
  const namesAct = (text: string) => {
    const called = toName(text)
    return acts.some(({ words, pieces }) => {
      const first = pieces.filter(({ isLeader, isFirst }) => isLeader || isFirst).map((piece) => piece.words)
      return [words, ...first].some((name) => name.join(' ') === called)
    })
  }
  const isTitle = (name: string) => forms.whole.includes(name) && name !== toName(title)
  return contributors.slice(0, MAX_NAMES).some(({ name }) => isTitle(toName(name))) && namesAct(title)
}

const toName = (text: string) => toTitleWords(readTitle(text).core).join(' ')
