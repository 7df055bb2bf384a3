/** How records of films and series are described; which of these words stand there is a matter of taste. */
export const SOUNDTRACK = new Set(
  'original motion picture soundtrack soundtracks music songs from inspired by film movie ost score tv television series hbo netflix amazon prime disney bbc feature s recording album game video and the of an a official selections disneys colonna sonora originale bande originale du de del della la el banda trilha pelicula filme filmmusik musique videogioco jeu'.split(
    ' ',
  ),
)
export const IS_SOUNDTRACK =
  /\b(soundtrack|motion picture|film|movie|ost|series|score|video game|(colonna|banda|trilha) sonora|bande originale|filmmusik)\b/
/** After a title, where no bracket or dash parts it: "Fez OST", "Wicked / Original Broadway Cast Recording". */
const AFTER_TITLE =
  /^(.+?) ((?:the )?(?:original )?(?:(?:video game|game|motion picture|film|movie|television|tv|anime) )?(?:soundtracks?|ost)|(?:the )?(?:original|new) (?:(?:broadway|off broadway|london|west end) )?cast(?: recording| album)?)$/

const LAST_WORD = /(soundtracks?|ost|cast|recording|album)$/

/** A title and what it says of its music at its end, in normalized words; null where a title is nothing else. */
export function splitMusicNote(title: string): [title: string, note: string] | null {
  const [, core = '', note = ''] = (LAST_WORD.test(title) ? AFTER_TITLE.exec(title) : null) ?? []
  return note === '' || core.split(' ').every((word) => SOUNDTRACK.has(word)) ? null : [core, note]
}

/** Whether normalized words say "music from the motion picture" and nothing else; "The Motion Picture" is a film, a score another record. */
export function isSoundtrackNote(note: string): boolean {
  return (
    IS_SOUNDTRACK.test(note) &&
    /\b(soundtracks?|ost|music|songs|sonora|bande originale|filmmusik)\b/.test(note) &&
    !/\bscore\b/.test(note) &&
    note.split(' ').every((word) => SOUNDTRACK.has(word))
  )
}

/** A word that says what the music was made for. */
export const MEDIUM = /^(motion|picture|film|movie|television|tv|series|hbo|netflix|video|game)$/
const MEDIA = [/\b(motion picture|film|movie)\b/, /\b(television|tv|series|hbo)\b/, /\bgame\b/]

/** Whether two descriptions may be of one thing: of "Fargo" there are the film and the series, and each has its record. */
export function isOfOneMedium(ours: string, theirs: string): boolean {
  const [left, right] = [ours, theirs].map((text) => MEDIA.filter((medium) => medium.test(text)))
  return !left?.length || !right?.length || left.some((medium) => right.includes(medium))
}
