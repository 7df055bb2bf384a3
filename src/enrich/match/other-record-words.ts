/** Why a product with this title is not the album itself, though it names it. */
export interface OtherRecord {
  kind: string
  /** For the editor. */
  reason: string
  pattern: RegExp
}

/**
 * Signs of another record, looked for in the words that the product's title has and the album's has not, so that
 * "Live Through This" or "Greatest Hits" are not held against themselves. Patterns run over normalized text.
 */
const OTHER_RECORDS: readonly OtherRecord[] = [
  {
    kind: 'tribute',
    reason: 'a tribute or covers record',
    pattern:
      /\b(karaoke|sing ?along|singing machine|cdg|in the style of|made famous|pickin on|lullaby|rockabye|string quartet|string tribute|cover versions|smooth elements|as performed by|performed by)\b/,
  },
  {
    kind: 'homage',
    reason: 'a tribute or covers record',
    pattern:
      /\b(tributes?|salute to|plays|sings|perform(s|ing)? the (songs|music)|(the )?(songs|music) of|covers|celebrate the music|hommage|homage)\b/,
  },
  {
    kind: 'interview',
    reason: 'an interview or a spoken record',
    pattern:
      /\b(interviews?|biography|audio ?books?|spoken word|maximum|rockview|trivia|unauthori[sz]ed|commentary|unabridged|abridged|a novel|a memoir|read by|narrated by|horspiel|horbuch)\b/,
  },
  {
    kind: 'live',
    reason: 'a live recording',
    pattern: /\b(live|in concert|concerts?|unplugged|mtv|bbc|broadcast|radio sessions?|peel sessions?|on stage|tour)\b/,
  },
  {
    kind: 'version',
    reason: 'a re-recording, remix, instrumental, demo or sessions record',
    pattern:
      /\b(taylors version|re ?record(ed|ing|ings)|remixe[sd]|remixes|instrumentals?|demos?|sessions?|outtakes|alternates?|rarities|acoustic|a ?cappella|dub|reimagined|reworked|remix (edition|album)|travel versions|b sides|karaoke|unreleased|symphonic|orchestral|naked|revisited|redux)\b/,
  },
  {
    kind: 'single',
    reason: 'a single or EP',
    pattern: /\b(single|maxi|ep|eps|e p|mini album)\b/,
  },
  {
    kind: 'compilation',
    reason: 'a compilation',
    pattern:
      /\b(greatest hits?|best of|the hits|hits(?! (?!of|from|and|by)(\w+ ){3}\w+)|singles|anthology|collections?|essentials?|very best|number ones|ultimate|retrospective|selections?|highlights|favou?rites|years?|definitive|playlist|compilation|sampler)\b/,
  },
  {
    kind: 'bundle',
    reason: 'several albums in one',
    pattern:
      /\b(bundl(e|ed|ing)|albums collection|studio albums|album collection|original album series|vinyl collection)\b/,
  },
  {
    kind: 'merchandise',
    reason: 'merchandise or print, not a record',
    pattern:
      /\b(slip ?mats?|guitar tabs?|tablature|songbook|sheet music|t ?shirt|hoodie|mug|clock|wall art|guitar (picks?|strap)|puzzle|calendar|figure|funko|keychain|coaster|turntable|dvd movie|blu ray movie|trivia book|visual history|poster print)\b/,
  },
]

/** Phrases about the pressing that hold a word of the lists above: a label's series, a gift, a sleeve. */
const NO_SIGNS =
  /\b((definitive|ultimate|essential|collection|tour) (edition|version)|\d{1,3} years? (anniversary|edition|deluxe)|acoustic sounds( series)?|(archive|keepnews) collection|remixed and remastered|remastered and remixed|remix and remaster|essential( jazz)? classics|alternate (cover|art|artwork|sleeve)|single (disc|lp|cd|vinyl|sleeve|pocket|gatefold)|tour edition|based on (the )?(songs|music) of)\b/g

/** The first sign of another record in normalized words, or null. */
export function findOtherRecord(words: string): OtherRecord | null {
  const rest = words.replace(NO_SIGNS, ' ')
  return OTHER_RECORDS.find(({ pattern }) => pattern.test(rest)) ?? null
}
