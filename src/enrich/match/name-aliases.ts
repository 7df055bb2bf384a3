import { toScript } from './compare-forms.ts'
import { normalizeText } from './normalize-text.ts'

/** "BTS (방탄소년단)" is one name in two scripts. */
export function toAliases(name: string): string[] {
  const [, bare = '', other = ''] = BRACKETED.exec(name) ?? []
  return bare !== '' && toScript(bare.toLowerCase()) !== toScript(other.toLowerCase()) ? [bare, other] : [name]
}

/** Without what says the same once more: "Gas (Wolfgang Voigt)", "e.s.t. Esbjörn Svensson Trio", "Orchestral Manoeuvres In The Dark (OMD)". */
export function dropExplanation(name: string): string {
  const [, bare = '', other = ''] = (/[([]/.test(name) ? BRACKETED.exec(name) : null) ?? []
  if (bare !== '' && (isPersonal(other) || isInitials(normalizeText(other), bare))) return bare
  const [first = '', ...others] = normalizeText(name).split(' ')
  return others.length > 1 && others.length === first.length && isInitials(first, others.join(' '))
    ? others.join(' ')
    : name
}

const isInitials = (short: string, name: string) =>
  short.length >= 3 &&
  short ===
    normalizeText(name)
      .split(' ')
      .map((word) => word[0])
      .join('')

/** Two words or more that tell no other band: "(Tribute Band)", "(60s Band)", "(UK Rapper)". */
const isPersonal = (text: string) => {
  const words = normalizeText(text).split(' ')
  return (
    words.length > 1 && words.length < 6 && words.every((word) => /^\p{L}{2,}$/u.test(word) && !DESCRIBES.test(word))
  )
}
const DESCRIBES =
  /^(the|of|by|and|with|from|featuring|band|group|gruppe|groupe|trio|quartet|orchestra|duo|singer|rapper|dj|producer|artist|uk|us|usa|english|american|british|german|french|canadian|italian|swedish|japan|japanese|punk|rock|metal|jazz|pop|techno|folk|hip|hop|tribute|tributes|cover|covers|karaoke|plays|performs|live|project|original|new|old|soundtrack|cast)$/

const BRACKETED = /^([^()[\]]{1,100})[([]([^()[\]]{1,100})[)\]]\s*$/
