import type { Product } from '../../album.ts'
import type { ArtistMatch } from './compare-artists.ts'
import type { TitleMatch } from './compare-titles.ts'
import { isSwapped } from './is-swapped.ts'
import type { AlbumArtists } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { YEARS_OF_DOUBT, yearsBetween } from './read-release-year.ts'

/** From here on hardly two artists have a title. */
export const LONG_WORDS = 3

const NEAR = new Set<TitleMatch['kind']>(['extended', 'contained', 'alike', 'translated'])

/**
 * Why a product is left open though its title and artist are too little for it, or null: nothing names what it is
 * instead. To be asked of products alone that are no other record and no other kind of thing.
 */
export function whyLeaveOpen(
  title: TitleMatch,
  artist: ArtistMatch,
  album: AlbumTitle,
  artists: AlbumArtists,
  product: Product,
): string | null {
  // A cut title beside initials is no reason to reject.
  if (isTwiceNear(title, artist, album, artists, product)) return `${title.reason}, and ${artist.reason}`
  return isSwapped(album, artists, product) ? 'it may have artist and title the wrong way round' : null
}

function isTwiceNear(
  title: TitleMatch,
  artist: ArtistMatch,
  album: AlbumTitle,
  { isVarious }: AlbumArtists,
  product: Product,
): boolean {
  if (!NEAR.has(title.kind)) return false
  // Anybody may be one of various artists, and any title one in another language: the year has to speak for them, too.
  const isFar = (yearsBetween(album.releaseYear, product) ?? 0) > YEARS_OF_DOUBT
  if (isVarious && title.kind === 'translated' && isFar) return false
  if (artist.kind === 'alike' || artist.kind === 'incomparable') return true
  // A shop that names no artist names nobody else, either; a title that is the artist's name is of nobody else.
  const isHeld = title.kind === 'extended' || title.kind === 'contained'
  return isHeld && artist.kind === 'unknown' && album.length >= LONG_WORDS && (album.isSelfTitled || !album.isGeneric)
}
