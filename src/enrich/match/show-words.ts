import { YEARS_OF_DOUBT } from './read-release-year.ts'
import { IS_SOUNDTRACK } from './soundtrack-words.ts'

/** What shops write of musicals beside their title, but for who sings. */
const WORDS = new Set(
  `a an the original new american british musical comedy comedie musicale un une le la spectacle das ein eine musikalische revue rock pop folk
  opera rockoper musikrevue vaudeville broadway`.split(/\s+/),
)
const IS_SHOW =
  /\b(broadway|west end|musical|musicale|revue|musikrevue|cast|rock opera|folk opera|rockoper|urauffuhrung)\b/

/** Whether normalized words tell of a musical, or of who sings it. */
export const isOfShow = (text: string): boolean => IS_SHOW.test(text)

/** Whether they tell of the work and say nothing else: "An American Musical"; a cast is one of several. */
export const isShowNote = (note: string): boolean =>
  isOfShow(note) && !IS_CAST.test(note) && note.split(' ').every((word) => WORDS.has(word))

/** "Original Broadway Cast Recording", as wholesalers write it after a stroke. */
export const isCastNote = (note: string): boolean =>
  /^(the )?(original|new) ((off )?broadway |london |west end )?cast( recording| album)?$/.test(note)

/** Films have casts, too. */
const isOfStage = (text: string) => IS_CAST.test(text) && ON_STAGE.test(text) && !IS_FILM.test(text)
const ON_STAGE = /\b(broadway|london|west end|wien|hamburg|stuttgart|revival|stage|theatre|theater)\b/
export const IS_CAST = /\bcast\b/
export const IS_FILM = /\b(movie|film|motion picture)\b/
const CAST_OF = /\b((?:19|20)\d\d)\b.{0,40}\bcast\b/

/**
 * Why a product of the same title is another staging, or null: of stage and film it is the other one's record, or a later
 * cast sings.
 *
 * @param theirs the product's notes, normalized
 */
export function findOtherStaging(
  {
    noted,
    artists,
    releaseYear,
  }: { noted: { all: readonly string[] }; artists: readonly string[]; releaseYear: number | null },
  theirs: readonly string[],
): string | null {
  if (theirs.length === 0) return null
  const [our, their] = [noted.all.join(' '), theirs.join(' ')]
  if (IS_FILM.test(their) && !isOfShow(their) && isOfStage([our, ...artists].join(' ')))
    return 'it is of a film, the album of the stage'
  if (!isOfShow(their)) return null
  if (IS_SOUNDTRACK.test(our) && !isOfShow(our) && !IS_SOUNDTRACK.test(their))
    return 'it is of the stage, the album of a film'
  const year = Number(theirs.map((note) => CAST_OF.exec(note)?.[1]).find((told) => told !== undefined))
  const isLater = releaseYear !== null && year > releaseYear + YEARS_OF_DOUBT && !our.includes(String(year))
  return isLater ? `it is sung by the cast of ${year}` : null
}
