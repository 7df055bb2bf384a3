/** What the stand-in reads out of the prompt. */
export interface Question {
  album: { title: string; artists: string[] }
  candidates: { candidate: number; title: string; artists?: string[]; brand?: string; binding?: string }[]
}

export interface Judgement {
  candidate: number
  verdict: 'accept' | 'reject' | 'open'
  reason: string
}

/** The album and the candidates in the fenced part of the messages; null when there is none. */
export function readQuestion(text: string): Question | null {
  const fenced = /<data>\s*(\{[\s\S]*\})\s*<\/data>/.exec(text)?.[1]
  if (fenced === undefined) return null
  const question = JSON.parse(fenced) as Partial<Question>
  return question.album && Array.isArray(question.candidates) ? (question as Question) : null
}

/**
 * The stand-in's own opinion: which words of the album are there, which are too many, and who made it. Simple on
 * purpose, and no relative of the service's rules, so that a fault of theirs shows instead of being agreed with.
 */
export function judge({ album, candidates }: Question): Judgement[] {
  return candidates.map((product) => ({ candidate: product.candidate, ...judgeOne(album, product) }))
}

const ELSE =
  /tribute|karaoke|interview|cover versions|slip ?mat|guitar|hardcover|paperback|book|dvd|taylor'?s version|single|live at|demos|remixes/i
const NOISE =
  /^(vinyl|lp|2lp|3lp|cd|180g|gram|edition|limited|exclusive|colou?red|remaster(ed)?|anniversary|deluxe|audio)$/

function judgeOne(album: Question['album'], product: Question['candidates'][number]): Omit<Judgement, 'candidate'> {
  const sign = ELSE.exec(`${product.title} ${product.binding ?? ''}`)?.[0]
  if (sign && !album.title.toLowerCase().includes(sign.toLowerCase()))
    return { verdict: 'reject', reason: `"${sign}" speaks against it` }

  const wanted = words(album.title)
  const artist = new Set(album.artists.flatMap((name) => words(name)))
  const given = words(product.title.replace(/[([].*?[)\]]|\s-\s.*(edition|vinyl).*/gi, ' '))
  const missing = wanted.filter((word) => !given.includes(word)).length / Math.max(1, wanted.length)
  const extra = given.filter((word) => !wanted.includes(word) && !artist.has(word) && !NOISE.test(word))
  if (missing > 0.3) return { verdict: 'reject', reason: 'another title' }
  if (extra.length > 0) return { verdict: 'reject', reason: `more than the album: ${extra.join(' ')}` }
  if (missing > 0) return { verdict: 'open', reason: 'part of the title is missing' }

  const makers = [...(product.artists ?? []), product.brand ?? ''].flatMap((name) => words(name))
  if (makers.some((word) => artist.has(word))) return { verdict: 'accept', reason: 'same title, shared artist' }
  const named = given.some((word) => artist.has(word) && !wanted.includes(word))
  if (makers.length === 0)
    return named
      ? { verdict: 'accept', reason: 'same title, and the title names the artist' }
      : { verdict: 'open', reason: 'same title, but nobody says by whom' }
  // A band that is sold under its members' names: only a longer title of its own makes that likely.
  const isOwnName = wanted.length > 2 && wanted.every((word) => artist.has(word))
  return isOwnName
    ? { verdict: 'accept', reason: 'the band by its own name' }
    : { verdict: 'reject', reason: 'by somebody else' }
}

function words(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}|['’]/gu, '')
    .toLowerCase()
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !['the', 'and', 'a'].includes(word))
}
