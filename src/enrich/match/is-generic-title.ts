const GENERIC = new Set(
  `greatest hits hit best of very live anthology collection collections essential essentials gold platinum ultimate
  definitive singles complete number ones years year unplugged mtv concert in christmas album untitled self titled
  volume part and a an songs recordings classics classic favorites favourites box set early first second third 20th
  century masters master millennium at on sessions session ep demos acoustic retrospective selected works hits first 1st
  2nd 3rd symphony symphonies concerto concertos sonata sonatas preludes etudes nocturnes no opus in major minor`
    .trim()
    .split(/\s+/),
)

/**
 * Whether so many albums bear this title that it tells little without the rest: the artist's own name, "Greatest Hits",
 * "Live", "The Best Of 1980-1990".
 *
 * @param title title words, see toTitleWords
 */
export function isGenericTitle(title: readonly string[], nameWords: ReadonlySet<string>): boolean {
  return title.every((word) => GENERIC.has(word) || nameWords.has(word) || /^\d+$/.test(word))
}
