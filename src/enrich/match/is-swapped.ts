import type { Product } from '../../album.ts'
import { MAX_NAMES } from './bounds.ts'
import type { AlbumArtists } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readTitle } from './read-title.ts'
import { toTitleWords } from './title-forms.ts'

/**
 * Whether a shop has the artist's name for the title and the title for the artist, as sellers fill in forms: "Eagles" by "Hotel
 * California". The one that stands for the artist may be part of a title that names both: "Mos Def & Talib Kweli Are Black
 * Star" by Black Star.
 */
export function isSwapped({ forms }: AlbumTitle, { acts }: AlbumArtists, { title, contributors }: Product): boolean {
  const names = contributors.slice(0, MAX_NAMES).map(({ name }) => toName(name))
  const ours = [...forms.whole, ...forms.plain]
  if (!names.some((name) => ours.some((form) => isHeld(form, name)))) return false
  const called = toName(title)
  const namesAct = acts.some(({ words, pieces }) => {
    const first = pieces.filter(({ isLeader, isFirst }) => isLeader || isFirst).map((piece) => piece.words)
    return [words, ...first].some((name) => name.join(' ') === called)
  })
  if (namesAct && names.some((name) => forms.whole.includes(name) && name !== called)) return true
  if (namesAct && names.length > 0)
    return forms.plain.some(
      (form) => isHeld(form, called) && names.every((name) => name !== called && isHeld(form, name)),
    )
  // The other way round: "Black Star" by Mos Def & Talib Kweli.
  const isOurTitle = (name: string) => forms.whole.includes(name)
  return (
    acts.length > 0 &&
    names.some((name) => isOurTitle(name) && isHeld(called, name)) &&
    acts.every(({ words }) => isHeld(called, words.join(' ')) && !isOurTitle(words.join(' ')))
  )
}

const isHeld = (whole: string, part: string) => part !== '' && ` ${whole} `.includes(` ${part} `)

const toName = (text: string) => toTitleWords(readTitle(text).core).join(' ')
