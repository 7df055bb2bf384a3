/**
 * Notes that hold no word but those of pressings and yet tell another product. Each is cheap to ask a person or a model
 * about, and a wrong link when taken for an edition.
 */
const TELLING: readonly RegExp[] = [
  // A country's own release may have songs of its own, and one in its language is sung anew; its pressing is the same.
  /\b(australian?|uk|us|american|canadian|international|japanese|european|english|german|french|spanish|italian|portuguese|korean|chinese) (release|version)$/,
  // The album of a Korean group is the Korean one.
  /\b(english|japanese|japan|jp|chinese|china|taiwan|german|french|spanish|italian|remix|acoustic|original) ver$/,
  /^(in )?(english|german|french|spanish|italian|portuguese|japanese|korean|chinese)$/,
  /\b(english|german|french|spanish|italian|portuguese|korean|chinese) edition$/,
  // Played anew; "New, Original Recording Remastered" is the condition of the old one.
  /\b(new|nueva|nouvelle|nuova|neue) ((master|studio|stereo) )?(version|versione|recordings?|grabacion)( (19|20)\d\d)?$/,
  // A musical of 1979, sung anew: "(Version 1997)", "(2003 Version)".
  /^(the )?(19|20)\d\d (studio )?version$|^version (de |von |of )?(19|20)\d\d$/,
  // The label, and what bands call an album that answers one of theirs.
  /\breprise$/,
  // A sampler's has other songs, and so may a collection's.
  /^(the )?(second|third|fourth|fifth|2nd|3rd|4th|5th) edition$/,
  // Words that only beside others describe a pressing, and by themselves one of a row: "(Third)", "(Dark)", "(Extra Songs)".
  /^(the )?((first|second|third|fourth|fifth)( (recordings?|set|series|selection))?|extra( songs?)?|full|half|side|dark|light|day|birthday|sea|sky|glow|effect|hand|sound|sounds|tour|free|back|out)$/,
  // A programme, of which a film may have the name.
  /^(the )?(original |remix |tv |mix )?series$/,
  // "1981 Digital Recording": Gould and Karajan recorded the same works again.
  /^(19|20)\d\d ((digital|stereo|mono|analog|studio) )?(recordings?|aufnahme|einspielung)$/,
  // The film of the concert, unless a record is named with it.
  /^(\d )?(dvds?|blu ray|bluray|blu ray discs?)( (edition|version|video|only|import))?$/,
  // A new mix of the album names its year or the edition.
  /^(the )?remix$/,
  /^(the )?(dj )?(mix|mixed)( (album|cd))?$/,
  // A single.
  /^([2-6]|two|three|four|five|six) (tracks?|songs?)( (cds?|vinyl))?$/,
  // A part of it.
  /^(disc|disk|cd|lp|record|set|side|tape) (one|two|three|four|five|[a-d]|\d)$/,
  /^(cd\d|\d of \d)$/,
  // As "(Second Album)", of those that have the artist's name.
  /^(the )?(first|second|third|fourth|fifth|\d(st|nd|rd|th)|blue|red|green|black|white|yellow) record$/,
  /^(the |original )*songs$/,
  // A collection of such.
  /\b(the|first|early|mono|stereo|columbia|decca|mercury|verve|atlantic|capitol) recordings$/,
  // Paper and cloth, unless it comes with the record.
  /^((official|original|new|limited|signed|autographed|tour|photo|art|the) )*(posters?|book|photobook|artbook|libro|postcards?|patch|stickers?|picture|photos?|prints?|lithograph)$/,
  /^((official|original|new|the) )*(cover|sleeve|case|insert|booklet)( (only|art|version))?$/,
]

const ANY = new RegExp(TELLING.map(({ source }) => source).join('|'))

/** Whether a normalized note tells another product, though each of its words may describe a pressing. */
export function isTellingNote(note: string): boolean {
  return ANY.test(note)
}
