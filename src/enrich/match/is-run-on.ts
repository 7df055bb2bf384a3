import type { AlbumTitle } from './read-album-title.ts'
import type { ReadTitle } from './read-title.ts'
import { toTitleWords } from './title-forms.ts'

/**
 * Whether the artist's name stands after the album's title with nothing between: as sellers write it, or as in "The Infamous
 * Mobb Deep", which is not "The Infamous". "Greatest Hits Queen" is plain.
 */
export function isRunOn({ forms, names, isGeneric }: AlbumTitle, { core, segments }: ReadTitle): boolean {
  if (isGeneric || segments.length > 1) return false
  const title = toTitleWords(core).join(' ')
  if (forms.plain.includes(title)) return false
  return forms.plain.some((form) => names.some((name) => title === `${form} ${name.join(' ')}`))
}
