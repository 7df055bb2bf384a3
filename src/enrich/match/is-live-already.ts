import type { Product } from '../../album.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear } from './read-release-year.ts'

const CONCERT =
  /\b(unplugged|acustico mtv|mtv acustico|concert|concierto|konzert|(en|ao|dal|del) (vivo|directo)|en public)\b|konzert$/
/** Titles that studio albums have as well: "Alive", "At Last". */
const MAYBE_CONCERT = /\balive\b|^at |\bon (stage|tour)\b|\bin person\b|\b(19|20)\d\d$/

/**
 * Whether an album is a concert by its title, so that "live" beside it says nothing: "MTV Unplugged In New York (Live)". Of
 * some titles only the year tells that the product is not the songs once more, played on stage.
 */
export function isLiveAlready({ forms, isGeneric, releaseYear }: AlbumTitle, product: Product): boolean {
  const isSameYear = () => releaseYear !== null && releaseYear === readReleaseYear(product)
  return forms.plain.some(
    (form) => (CONCERT.test(form) && (!isGeneric || isSameYear())) || (MAYBE_CONCERT.test(form) && isSameYear()),
  )
}
