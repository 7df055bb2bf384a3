import type { Album } from '../../album.ts'
import { isBackingBand, toKey, toNameWords, toPieces, toSpellings } from './artist-names.ts'
import { MAX_NAMES } from './bounds.ts'
import { isComposer, isEnsemble, namesComposer } from './composers.ts'
import { initialsOf, type ReadName } from './is-alike-name.ts'
import { toAliases } from './name-aliases.ts'
import { normalizeText, toWords } from './normalize-text.ts'

/** An album's artists, read once for all products. */
export interface AlbumArtists {
  acts: Act[]
  isVarious: boolean
  title: string
  titleKey: string
  /** Whether the title does: "Sibelius: Violin Concerto". */
  namesComposer: boolean
}

export interface Act extends ReadName {
  pieces: {
    key: string
    words: readonly string[]
    /** Before "& The Band". */
    isLeader: boolean
    /** The first of two persons: "Robert Plant & Alison Krauss". */
    isFirst: boolean
  }[]
  isComposer: boolean
  /** Whether it is an orchestra or the like. */
  isEnsemble: boolean
  /** The key without umlauts, see toSpellings. */
  spelledKey: string
}

/** In other scripts; without a sign of a voiced letter, as all that is normalized. */
const OTHER_VARIOUS = [
  'オムニバス',
  'ヴァリアス・アーティスト',
  'ヴァリアス・アーティスツ',
  'разные исполнители',
  'сборник',
]
  .map(normalizeText)
  .join('|')
/** What stands for the artists of a record by many. */
export const VARIOUS = new RegExp(
  `^(various( artists?)?|soundtrack|original soundtrack|multi artistes?|artistes? divers|ost|divers|diverse|diversos|diversi|sampler|(verschiedene|diverse) (interpreten|kunstler|artister|artiesten)|verschiedene|vari|artisti vari|blandade artister|varios( artistas| interpretes)?|aa ?vv|v a|va|${OTHER_VARIOUS})$`,
)

export function readAlbumArtists(album: Album): AlbumArtists {
  const acts = album.artists.slice(0, MAX_NAMES).map((credited) => {
    const [name = '', other = name] = toAliases(credited.name)
    const words = toNameWords(name)
    const pieces = toPieces(name)
    return {
      name,
      words,
      key: toKey(name),
      joined: words.join(''),
      initials: initialsOf(name),
      pieces: pieces
        .map((piece, at) => ({
          key: toKey(piece.name),
          words: toWords(piece.name),
          isLeader: at === 0 && pieces[1] !== undefined && pieces[1].tie !== ',' && isBackingBand(pieces[1].name),
          isFirst: at === 0 && pieces[1] !== undefined && pieces[1].tie !== ',' && toWords(piece.name).length > 1,
        }))
        .filter(({ key }) => key !== '' && pieces.length > 1),
      isComposer: isComposer(words),
      isEnsemble: isEnsemble(words),
      spelledKey: toKey(toSpellings(other).at(-1) ?? ''),
    }
  })
  return {
    acts,
    isVarious: album.artists.slice(0, MAX_NAMES).some(({ name }) => VARIOUS.test(normalizeText(name))),
    title: ` ${normalizeText(album.title)} `,
    titleKey: toKey(album.title),
    namesComposer: namesComposer(album.title),
  }
}
