import { normalizeText } from './normalize-text.ts'

/** In the languages of the larger marketplaces, as titles spell them. */
const GENERIC = new Set(
  `greatest hits hit best of very live anthology collection collections essential essentials gold platinum ultimate
  definitive singles complete number ones years year unplugged mtv concert in christmas album untitled self titled
  volume part and a an songs recordings classics classic favorites favourites box set early first second third 20th
  century masters master millennium at on sessions session ep demos acoustic retrospective selected works hits first 1st
  2nd 3rd symphony symphonies concerto concertos sonata sonatas preludes etudes nocturnes no opus in major minor duet duets duos duette
  das die der des dem und aus von beste besten große großen größte größten schönste schönsten erfolge lieder konzert live im jahre weihnachten weihnachtslieder
  sammlung album alben singles hits gold klavierkonzerte violinkonzerte etüden sonaten sinfonien präludien
  le la les du de des et en au aux meilleur meilleurs chansons succès essentiel lessentiel intégrale plus belles concert
  public anthologie années ans noël titres études préludes concertos album
  grandes éxitos lo mejor los las sus mis canciones vivo directo concierto colección antología esencial años navidad
  il meglio di i successi grandi raccolta dal vivo canzoni natale anni collezione
  o melhor sucessos ao grandes
  ベスト ベスト盤 ライブ ライヴ シングルズ コレクション アルバム シングルス`
    .trim()
    .split(/\s+/)
    .map(normalizeText),
)

/**
 * Whether so many albums bear this title that it tells little without the rest: the artist's own name, "Greatest Hits",
 * "Live", "The Best Of 1980-1990".
 *
 * @param title title words, see toTitleWords
 */
export function isGenericTitle(title: readonly string[], nameWords: ReadonlySet<string>): boolean {
  return title.every(
    (word, at) =>
      GENERIC.has(word) ||
      nameWords.has(word) ||
      /^\d+$/.test(word) ||
      // "All-Time Greatest Hits"; "Time" is a title.
      (word === 'all' && title[at + 1] === 'time' && title.length > 2) ||
      (word === 'time' && title[at - 1] === 'all' && title.length > 2),
  )
}
