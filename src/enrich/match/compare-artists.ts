import type { Product } from '../../album.ts'
import { isLongerName, isNobody, type Run, toKey, toPieces, toRuns, toSpellings } from './artist-names.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { toScript } from './compare-forms.ts'
import { isEnsemble, readLead } from './composers.ts'
import { explainLead, listsPerformer } from './explain-lead.ts'
import { explainVarious } from './explain-various.ts'
import { findOtherPerformers, isStranger } from './find-other-performers.ts'
import { isAlikeName } from './is-alike-name.ts'
import { isCutWithin } from './is-cut-within.ts'
import { isNamedBySurnames } from './is-named-by-surnames.ts'
import { isOneOrchestra } from './is-other-orchestra.ts'
import { isTribute, isTributeTo } from './is-tribute.ts'
import { dropExplanation } from './name-aliases.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { type Act, type AlbumArtists, VARIOUS } from './read-album-artists.ts'
import { type Credit, isComposedBy, isPlayedByOthers, isReadBy, isWrittenBy } from './roles.ts'
import { IS_SOUNDTRACK } from './soundtrack-words.ts'

/** How the product's artists stand to the album's. */
export interface ArtistMatch {
  kind: 'same' | 'part' | 'alike' | 'incomparable' | 'unknown' | 'in title' | 'various' | 'tribute' | 'different'
  reason: string
  /** What on either side the match does not explain, in words for the editor. */
  doubt: string | null
}

/** "Various Artists and Zacari"; "Soundtrack Of Our Lives" is a band. */
const VARIOUS_OF_A_KIND = /^various\b|^soundtrack( (artists?|cast|original|recordings?|ost|et al))*$/
const LABEL = /^.{2,60} (records|recordings|disques)( presents?)?$/
const OF_A_SHOW = / (cast|originalcast|urauffuhrung|soundtrack|motion picture|musical) /
/**
 * Compares the credited artists with the product's contributors, whatever the style: "Swift, Taylor",
 * "MARLEY,BOB & THE WAILERS", "Nirvana and Kurt Cobain", "Tyler, The Creator, Multi-Artistes, et al.".
 * An artist who is only named in the product's title counts, unless the album's title holds the name already.
 *
 * @param isGeneric whether the album's title tells nothing without the exact artist ("Greatest Hits")
 */
export function compareArtists(album: AlbumArtists, product: Product, isGeneric: boolean): ArtistMatch {
  const { acts } = album
  const given = product.contributors.slice(0, MAX_NAMES).filter(({ name }) => normalizeText(name) !== '')
  const named = given.filter(({ name }) => !isNobody(normalizeText(name)))
  if (album.isVarious)
    return compareVarious(
      given.map(({ name }) => name),
      named.length,
    )
  // Who wrote the songs is the artist only when nobody else is named, but of a film's music whoever plays.
  const isScore = () => IS_SOUNDTRACK.test(normalizeText(product.title))
  const isWriter = (one: Credit) => isWrittenBy(one) && !(isComposedBy(one) && isScore())
  const heard = named.some((one) => !isWriter(one)) ? named.filter((one) => !isWriter(one)) : named
  if (
    !isGeneric &&
    isNamedBySurnames(
      acts,
      heard.map(({ name }) => name),
    )
  )
    return { kind: 'part', reason: 'all are named, by surname', doubt: null }
  const runs = heard.flatMap(({ name }) => toSpellings(name).flatMap(toRuns))
  const wanted = acts.flatMap(({ key, pieces }) => [key, ...pieces.map((piece) => piece.key)])
  // "Tony Bennett & Lady Gaga" are no strangers when both are credited.
  const found = acts
    .flatMap((act) => findAct(act, runs))
    .map((one) =>
      one.place === 'member' && one.beside.every((key) => wanted.includes(key))
        ? { ...one, place: 'whole' as const }
        : one,
    )
  const best = found.find(({ place }) => place === 'whole') ?? found.find(({ place }) => place === 'leader') ?? found[0]
  if (best !== undefined) {
    const isRead = heard.every(isReadBy)
    const hasTribute = heard.some(({ name }) => isTributeTo(name, acts) || isTribute(name, acts))
    const doubt =
      (hasTribute ? 'a tribute is named with the artist' : null) ??
      (isRead ? `${best.act.name} is named as author or reader` : null) ??
      (isPlayedByOthers(best.act, heard) ? `${best.act.name} is named as composer` : null) ??
      doubtPlace(best, isGeneric) ??
      // Of a title that many have the other name may tell a namesake.
      (isGeneric && heard.some(({ name }) => name.includes('(') && dropExplanation(name) !== name)
        ? 'the name is explained by another'
        : null) ??
      findOtherPerformers(
        acts,
        named.map(({ name }) => name),
        named.filter((one) => !isWriter(one)).map(({ name }) => name),
        product.title,
        isGeneric,
        album.namesComposer,
      )
    return { kind: 'same', reason: `the artist is ${best.act.name}`, doubt }
  }
  const names = heard.map(({ name }) => name)
  if (isJumbled(acts, names)) return { kind: 'same', reason: `the artist is ${names[0]?.slice(0, 80)}`, doubt: null }
  // "A Tribute To Simon & Garfunkel" has each of the two in a longer name.
  const part = names.some((name) => isTributeTo(name, acts))
    ? null
    : comparePart(acts, names, runs, { isGeneric, isOneWord: !album.titleKey.includes(' ') })
  return part ?? compareRest(album, product, given, heard)
}

interface FoundAct {
  act: Act
  place: Run['place']
  beside: string[]
  /** Beside others, the words in another order: "Young Neil & The Vipers" play what Neil Young wrote. */
  isTurned: boolean
}

function findAct(act: Act, runs: readonly Run[]): FoundAct[] {
  // "I AM" are IAM.
  const isJoined = ({ words }: Run) => act.joined.length >= 3 && words.join('') === act.joined
  return runs
    .filter((run) => run.key === act.key || run.key === act.spelledKey || isJoined(run))
    .map(({ words, key, place, beside, isOnePiece }) => ({
      ...{ act, place, beside },
      isTurned: isOnePiece && place !== 'whole' && key === act.key && words.join(' ') !== act.words.join(' '),
    }))
}

function doubtPlace({ place, act, isTurned }: FoundAct, isGeneric: boolean): string | null {
  if (isTurned) return `${act.name} is named the other way round, with others`
  if (place === 'guest') return `${act.name} is named as a guest`
  // Under a title of its own "Paul McCartney & Wings" are Wings; "Greatest Hits" of Sonny & Cher are not Cher's.
  return isGeneric && place !== 'whole' ? `${act.name} is named with others` : null
}

function comparePart(
  acts: Act[],
  names: string[],
  runs: readonly Run[],
  { isGeneric, isOneWord }: { isGeneric: boolean; isOneWord: boolean },
): ArtistMatch | null {
  for (const act of acts) {
    // "Ella Fitzgerald & Louis Armstrong" are both there, each named for herself.
    if (act.pieces.length > 1 && act.pieces.every(({ key }) => runs.some((run) => run.key === key)))
      return {
        kind: 'same',
        reason: `all of ${act.name.slice(0, 80)} are named`,
        doubt: isGeneric && names.flatMap(toPieces).length > act.pieces.length ? 'others are named, too' : null,
      }
    const piece = act.pieces.find(({ key, words }) => runs.some((run) => run.key === key) && words.join('').length > 0)
    const longer = runs.find(
      ({ place, words }) => (place === 'whole' || place === 'later') && isLongerName(act.words, words),
    )
    const isBoth = longer === undefined && names.some((name) => isEachLonger(act, name))
    if (isBoth || longer !== undefined)
      return {
        kind: 'part',
        reason: 'one name goes on after the other',
        // "Monica Zetterlund, Bill Evans" is no record of his trio.
        doubt:
          !isBoth && (isGeneric || isWithOther(longer, acts, names))
            ? `the artist is ${names.join(', ').slice(0, 80)}`
            : null,
      }
    if (piece !== undefined)
      return {
        kind: 'part',
        reason: 'one of the credited names is the artist',
        doubt:
          (piece.isLeader || (piece.isFirst && !isOneWord)) && !isGeneric
            ? null
            : `${piece.words.join(' ')} alone is not ${act.name}`,
      }
  }
  return null
}

/** Whether somebody else is named, too. */
function isWithOther(run: Run | undefined, acts: readonly Act[], names: string[]): boolean {
  const known = [...acts, ...(run === undefined ? [] : [run])]
  return names.flatMap(toPieces).some(({ name }) => isStranger(toWords(name), known))
}

/** "Hall & Oates" and "Daryl Hall & John Oates": each of one is in one of the other. */
function isEachLonger(act: Act, name: string): boolean {
  const pieces = toPieces(name).map((piece) => toWords(piece.name))
  if (act.pieces.length < 2 || pieces.length !== act.pieces.length) return false
  return act.pieces.every(({ words }, at) => {
    const other = pieces[at] ?? []
    // First names come before: "Simon & Garfunkel Story" is neither of the two.
    if (words.at(-1) !== other.at(-1)) return false
    return words.every((word) => other.includes(word)) || other.every((word) => words.includes(word))
  })
}

/** "CHARLIE GETZ STAN/BYRD", "Ike Turner, Tina Turner": all words are there, in the wrong order or each name whole. */
function isJumbled(acts: Act[], names: string[]): boolean {
  const wanted = toKey(acts.map(({ name }) => name).join(' '))
  return wanted.includes(' ') && toKey(names.join(' ')) === wanted
}

function compareRest(
  album: AlbumArtists,
  product: Product,
  given: Product['contributors'],
  heard: Product['contributors'],
): ArtistMatch {
  const { acts } = album
  const names = heard.map(({ name }) => name)
  // "Harry Styles & Fine Line" is two albums: what follows an "and" is no title by him.
  const title = ` ${normalizeText(product.title.slice(0, MAX_TITLE).replaceAll('/', ' & '))} `
  const inTitle = acts.some(({ name }) => {
    const needle = ` ${normalizeText(name).replace(/^the /, '')} `
    return (
      title.includes(needle) &&
      !title.includes(`${needle}and `) &&
      !title.includes(` and${needle}`) &&
      !album.title.includes(needle)
    )
  })
  const told = (kind: ArtistMatch['kind'], reason: string): ArtistMatch => ({ kind, reason, doubt: null })
  // "Queen Jazz" by various artists is theirs, not Queen's.
  const isVarious = given.some(({ name }) => VARIOUS.test(normalizeText(name)))
  if (inTitle && names.length === 0 && !isVarious) return told('same', "the product's title names the artist")
  // A record's brand is its artist or its label: it can speak for the artist, not against.
  if (names.length === 0 && product.brand !== null) {
    const brand = toRuns(product.brand).find(({ key }) => acts.some((act) => act.key === key))
    if (brand !== undefined)
      return {
        ...told('same', `the brand is ${product.brand.slice(0, 80)}`),
        doubt: brand.place === 'whole' ? null : 'the brand names others, too',
      }
  }
  if (isVarious) {
    const why = explainVarious(album, title)
    return why === null
      ? told('various', 'by various artists')
      : told('alike', `various artists on the product, ${why}`)
  }
  if (names.length === 0 && listsPerformer(album, product.title))
    return told('alike', "the product's title lists a performer")
  if (names.length === 0)
    return isCutWithin(product.title, acts)
      ? told('alike', "the product's title is cut within the artist's name")
      : told('unknown', 'the product names no artist')
  const tribute = names.find((name) => isTributeTo(name, acts))
  const lead = readLead(product.title)
  // "Whitacre: Light and Gold" is by him, and the Eric Whitacre Singers are his own.
  if (tribute !== undefined && lead !== null && acts.some(({ words }) => lead.join(' ') === words.at(-1)))
    return told('alike', `${tribute.slice(0, 80)} may be the artist's own`)
  if (tribute !== undefined) return told('tribute', `${tribute.slice(0, 80)} plays what others made`)
  if (acts.some((act) => names.some((name) => isAlikeName(act, name))))
    return told('alike', 'the artists are alike, not equal')
  // Beside a conductor or a soloist an orchestra says little.
  const ensembles = acts.filter((act) => act.isEnsemble)
  if (ensembles.length > 0 && names.flatMap(toPieces).every(({ name }) => isEnsemble(toWords(name)))) {
    if (ensembles.some((act) => names.some((name) => isOneOrchestra(act.words, toWords(name)))))
      return told('alike', 'the orchestra is named in another language')
  }
  const scripts = new Set(names.map(toScript))
  if (acts.length > 0 && acts.every(({ name }) => !scripts.has(toScript(name))))
    return told('incomparable', 'the artists are in different scripts')
  const selfTitled = acts.some(({ key }) => key === album.titleKey)
  const isCast = acts.some(({ words }) => words.includes('cast')) && title.includes(' cast ')
  // Where a catalogue has the composer shops have the cast, the show or the film.
  const isShow =
    (OF_A_SHOW.test(title) || OF_A_SHOW.test(album.title)) &&
    names.some(
      (name) =>
        (toWords(name).includes('cast') && OF_A_SHOW.test(album.title)) ||
        album.title.startsWith(` ${normalizeText(name)} `),
    )
  const led = explainLead(album, names, product.title)
  if (led !== null) return told('alike', led)
  if (isShow) return told('alike', 'the show, or its cast, is named where the artist stands')
  const whole = names.map(normalizeText)
  // "MinaCelentano" is who made "Mina Celentano" by the two.
  const isOfAll = acts.length > 1 && acts.every(({ words }) => album.title.includes(` ${words.at(-1)} `))
  if (isOfAll && whole.some((name) => squash(name) === squash(album.title)))
    return told('alike', 'the artist has the names of all')
  // "God's Property From Kirk Franklin's Nu Nation".
  if (whole.some((name) => album.title.includes(` from ${name} `) || album.title.includes(` by ${name} `)))
    return told('alike', 'another artist is named, whom the album names in its title')
  if (inTitle || selfTitled || isCast) return told('in title', 'another artist is named, the title names the right one')
  return told('different', `the artist is ${names[0]?.slice(0, 80)}`)
}

const squash = (text: string) => text.replaceAll(' ', '')

function compareVarious(given: string[], named: number): ArtistMatch {
  if (given.some((name) => VARIOUS.test(normalizeText(name)) || VARIOUS_OF_A_KIND.test(normalizeText(name))))
    return { kind: 'same', reason: 'various artists', doubt: null }
  // "Soul Jazz Records Presents" nobody who plays.
  if (given.every((name) => LABEL.test(normalizeText(name))) && named > 0)
    return { kind: 'same', reason: 'the label is named for various artists', doubt: null }
  if (named === 0) return { kind: 'unknown', reason: 'the product names no artist', doubt: null }
  return { kind: 'alike', reason: 'various artists on the album, named ones on the product', doubt: null }
}
