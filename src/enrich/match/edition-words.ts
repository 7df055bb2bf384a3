/**
 * Words that describe how a record was pressed, packed or mastered. They never make another album of it. Each of the
 * strong ones shows by itself that the words beside it are such a description.
 */
const STRONG = words(`
  vinyl lp lps cd cds sacd sacds hdcd dvd disc discs disk cassette edition editions ed ltd limited
  deluxe exclusive remaster remastered remasters remstr reissue reissued anniversary expanded gatefold gram grams gm
  numbered import imported pressing repress explicit clean bonus download digital dl mono stereo hq audiophile
  rpm rsd boxset boxed collectors platinum hybrid multichannel mastered mastering uhqcd shm reissues color
  translucent transparent splatter splattered marbled swirl opaque rm remix mixed lenticular digipak digipack
  heavyweight analog indie version mix enhanced mov audio
`)

/** These say so only in company: "Red", "Blue" and "For the Record" are albums, too. */
const WEAK = words(`
  a an and the with w of in on for new only copies made to from original album full extra plus incl includes
  including card code coupon poster booklet book photo print black white red blue green yellow orange purple pink gold
  golden silver clear grey gray brown violet teal turquoise cyan magenta bone cream ivory amber ruby bronze copper
  smoke smoky smoked neon glow dark light pale sky deep hot baby bright royal crystal ice milky cloudy coke bottle tri
  colors two tone half side split marble marbling record records store day friday uk us usa eu europe european japan
  japanese german canada canadian english standard special super ultra ultimate high quality definition double triple
  sealed inch year years th st nd rd g lb set box pack first second third press one three four five six seven eight
  nine ten legacy essential classic series sound poet verve blue note craft analogue productions artwork autographed
  signed embossed foil holographic diamond alternate cover front sticker obi strip free pc piece tape picture release
  format speed master collector sleeve jewel case insert amazon target walmart retailer x track tracks copy
`)

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/))
}

/** "2lp", "180g", "140gram", "3xlp", "12in", "45rpm": a count with a unit. */
const MEASURE = /^\d+x?(lps?|cds?|dvds?|g|gr|gm|grams?|in|inch|rpm|discs?|xlp|xvinyl)$/
const ORDINAL_OR_NUMBER = /^\d{1,4}(st|nd|rd|th)?$/

export function isStrongEditionWord(word: string): boolean {
  return STRONG.has(word) || MEASURE.test(word)
}

/** Whether the words, in company of a strong one, are nothing but a description of the pressing. */
export function isEditionWord(word: string): boolean {
  return isStrongEditionWord(word) || WEAK.has(word) || ORDINAL_OR_NUMBER.test(word)
}
