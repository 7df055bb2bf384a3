import type { Product } from '../../album.ts'
import { toRuns, toSpellings } from './artist-names.ts'

/** Somebody whom a product credits. */
export type Credit = Product['contributors'][number]

const roleOf = ({ role, roleType }: Credit) => roleType ?? role ?? ''

/** Roles, in the languages of Amazon's marketplaces, of those who are not heard. */
const WRITER =
  /(composer|komponist|compositeur|compositor|compositore|lyric|writer|author|autor|auteur|autore|producer|produzent|arrang|editor|illustrat|作曲|作詞)/i

const COMPOSER = /(composer|komponist|compositeur|compositor|compositore|作曲)/i

/** Who is heard on an audiobook. */
const READER = /(author|autor|auteur|autore|narrat|erzahler|reader|sprecher|lecteur)/i

export const isWrittenBy = (one: Credit): boolean => WRITER.test(roleOf(one))
export const isComposedBy = (one: Credit): boolean => COMPOSER.test(roleOf(one))
export const isReadBy = (one: Credit): boolean => READER.test(roleOf(one))

/** Whether others than the one of the key are named as who plays: a film's music is recorded anew, too. */
export function isPlayedByOthers({ key }: { key: string }, heard: readonly Credit[]): boolean {
  const players = heard.filter((one) => !isWrittenBy(one))
  if (players.length === 0 || players.length === heard.length) return false
  return !players.some(({ name }) =>
    toSpellings(name)
      .flatMap(toRuns)
      .some((run) => run.key === key),
  )
}
