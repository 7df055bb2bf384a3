import type { Product } from '../../album.ts'
import { findNickname, findNicknameOf } from './nicknames.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear } from './read-release-year.ts'

/** Whether several albums of the artist may have the title: a box under it may hold them all. */
export const isSharedTitle = ({ isSelfTitled, isGeneric }: AlbumTitle) => isSelfTitled || isGeneric

/** "Weezer (Teal Album)" is not "Weezer (Black Album)" of the same year, nor "Weezer" of 1994. */
export function isOtherNamesake(album: AlbumTitle, nickname: string | undefined): boolean {
  if (nickname === undefined || !album.isSelfTitled) return false
  const ours = findNickname(album.artists, album.noted.notes) ?? findNicknameOf(album.artists, album.releaseYear)
  return ours !== undefined && ours !== nickname
}

/** "Weezer" of 2001, for the one of 1994. */
export function isOfOtherNamesake(album: AlbumTitle, product: Product): boolean {
  if (!album.isSelfTitled || album.releaseYear === null) return false
  const theirs = findNicknameOf(album.artists, readReleaseYear(product))
  return theirs !== undefined && theirs !== findNicknameOf(album.artists, album.releaseYear)
}

/** "Santana III" is what shops call the "Santana" of 1971, and "Crystal Castles (II)" the one of 2010. */
export function isMaybeNumbered({ isSelfTitled, releaseYear }: AlbumTitle, product: Product): boolean {
  const released = readReleaseYear(product)
  return isSelfTitled && releaseYear !== null && (released === null || released === releaseYear)
}
