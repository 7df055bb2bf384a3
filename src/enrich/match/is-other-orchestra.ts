/** Places in the languages that orchestras are named in, the first of a line for all of them. */
const PLACES = new Map(
  `vienna wien wiener viennese vienne
berlin berliner
munich munchner munchener munchen
leipzig leipziger gewandhaus gewandhausorchester
dresden dresdner dresdener
cologne koln kolner wdr gurzenich
prague prag prager praha
czech tschechische ceska tcheque
amsterdam concertgebouw concertgebouworkest
petersburg petersburger leningrad leningrader
moscow moskau moskauer moscou
bavarian bayerischen bayerisches bayerische bavaroise
hamburg hamburger ndr nwdr elbphilharmonie
stuttgart stuttgarter swr
frankfurt frankfurter hr
london londoner londres
warsaw warschau warschauer warszawa varsovie
rome roma rom santa cecilia
milan milano mailand scala
lucerne luzern luzerner
zurich zurcher tonhalle
romande suisse geneve geneva
gothenburg goteborg goteborger goteborgs
hungarian ungarische budapest budapester`
    .split('\n')
    .flatMap((line) => {
      const [place = '', ...others] = line.split(' ')
      return [place, ...others].map((word): [string, string] => [word, place])
    }),
)

/** Words that say what an ensemble is, not which. */
const FORMS =
  /^(philharmon|symphon|sinfoni|orchest|orkest|kammer|chamber|ensemble|chor|choir|coro|royal|koninklijk|national|state|staats|radio|rundfunk|new|festival|of|des|der|de|del|la|le|du|da)/
const PHILHARMONIC = /\bphilharmon/
const SYMPHONIC = /\b(symphon|sinfoni)/

/**
 * Whether two ensembles are two, whatever the language: "Wiener Philharmoniker" and "Vienna Philharmonic" are one, Berlin's
 * is another, and so are the Wiener Symphoniker.
 *
 * @param one a name's words, see toWords
 */
export function isOtherOrchestra(one: readonly string[], other: readonly string[]): boolean {
  const [left, right] = [one, other].map((words) => words.map((word) => PLACES.get(word) ?? word))
  const shared = left?.filter((word) => right?.includes(word) && !FORMS.test(word)) ?? []
  if (shared.length === 0) return one.join(' ') !== other.join(' ')
  const [name, otherName] = [one.join(' '), other.join(' ')]
  const isOfKind = (kind: RegExp, otherKind: RegExp) =>
    kind.test(name) && !otherKind.test(name) && otherKind.test(otherName) && !kind.test(otherName)
  return isOfKind(PHILHARMONIC, SYMPHONIC) || isOfKind(SYMPHONIC, PHILHARMONIC)
}

const CHOIR = /chor|choir|coro|choeur|singers/

/** Whether one of the ensembles is the other, and no choir of the same place: "Wiener Philharmoniker", "Vienna Philharmonic". */
export function isOneOrchestra(one: readonly string[], other: readonly string[]): boolean {
  return CHOIR.test(one.join(' ')) === CHOIR.test(other.join(' ')) && !isOtherOrchestra(one, other)
}
