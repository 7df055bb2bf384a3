import { normalizeText } from './normalize-text.ts'

// How Korean albums are announced, which is how shops have their titles.

/** "SEVENTEEN 10th Mini Album 'FML'"; of an artist the name may begin in brackets: "(G)I-DLE". */
const QUOTED =
  /^(?:\s*\([^()]{1,10}\))?[^'"‘“]{0,60}\b\d{1,2}(?:st|nd|rd|th) (?:(?:mini|full|studio|single|special|full-length) )?(?:album|ep)\s*(?:[-:]\s*)?['"‘“]([^'"’”]{1,80})['"’”]/i
/** "BLACKPINK 2nd Album [ BORN PINK ]". */
const BRACKETED =
  /^(?:\s*\([^()]{1,10}\))?[^'"‘“[(]{0,60}\b\d{1,2}(?:st|nd|rd|th) (?:(?:mini|full|studio|single|special|full-length) )?(?:album|ep)\s*(?:[-:]\s*)?[[(]([^\])]{1,80})[\])]/i
/** "BTS - [Map Of The Soul : 7] 4th Album". */
const BRACKETED_BEFORE =
  /^(?:\s*\([^()]{1,10}\))?[^'"‘“[(]{0,60}\[([^\]]{1,80})\]\s*\d{1,2}(?:st|nd|rd|th) (?:(?:mini|full|studio|single|special|full-length) )?(?:album|ep)(?![a-z])/i
/** "Vol.4 [THE WAR]". */
const VOLUME = /^\s*vol\. ?\d{1,2} ?[[(]([^\])]{1,80})[\])]/i
/** What follows it as far as a bracket: "Jewel Case Ver. (Random)". */
const REST = /^\s*([^\s([{][^([{]{0,60})/

/** The title that is announced, its version in brackets; a title that announces none as it is. @param isEdition see there */
export function readAnnounced(title: string, isEdition: (normal: string) => boolean): string {
  if (!/\d(st|nd|rd|th) |^\s*vol\./i.test(title)) return title
  for (const pattern of [VOLUME, BRACKETED, BRACKETED_BEFORE, QUOTED]) {
    const [whole = '', name = ''] = pattern.exec(title) ?? []
    const normal = normalizeText(name)
    if (normal === '' || (pattern !== QUOTED && (isEdition(normal) || /\bver\b/.test(normal)))) continue
    const rest = title.slice(whole.length)
    return name + (/^\s*[-–:]/.test(rest) ? rest : rest.replace(REST, ' ($1)'))
  }
  return title
}

/** The same after the title: "MY WORLD - The 3rd Mini Album". */
const NUMBERED_SEGMENT = /^(the )?\d{1,2}(st|nd|rd|th) ((mini|full|studio|special) )?album$/
const MINI_ALBUM = /^(the )?\d{1,2}(st|nd|rd|th) mini album$/
/** How the versions of one album are packed; a country's, a language's and a remix are other records. */
const PACKED = new Set(
  'standard photobook photo book digipack digipak jewel case kit platform weverse album albums nemo compact limited random cd box set cover'.split(
    ' ',
  ),
)
const VERSION = /^ver(sion)?$/

export const isNumberedAlbum = (segment: string): boolean => NUMBERED_SEGMENT.test(segment)

/**
 * Whether a normalized note tells one of the versions that an album comes in: "Jewel Case Ver.", "A Ver.", "Ver. 3".
 *
 * @param isAnnounced whether the title is: elsewhere "(Version 2)" may be another record
 */
export function isVersionNote(note: string, isAnnounced: boolean): boolean {
  if (MINI_ALBUM.test(note)) return true
  const words = note.split(' ')
  const left = words.filter((word) => !VERSION.test(word))
  if (left.length !== words.length - 1 || left.length === 0) return false
  const isShort = words.some((word) => word === 'ver')
  return (
    left.every((word) => PACKED.has(word) || /^([a-z]|\d{1,2})$/.test(word)) &&
    (isShort || isAnnounced || left.some((word) => PACKED.has(word)))
  )
}
