import { normalizeText } from './normalize-text.ts'

/** What shops of the German, French, Spanish and Italian marketplaces write, without accents. */
const LOCAL_STRONG = `limitierte limitierter limitiertes limitiert sonderedition sonderausgabe sonderauflage erstauflage
  erstausgabe neuauflage neuausgabe wiederveroffentlichung jubilaumsausgabe jubilaumsedition jubilaumsauflage jubilaum
  doppelalbum doppel schallplatte musikkassette kassette mc doppelvinyl doppelcd doppellp farbiges remasterte remasterter remasterisee remasterises
  tirage limite limites limitees reeditee cassettes k7 aniversario reedicion limitada limitado vinilos vinyles remasterizada remasterizados
  casete ristampa edicao edycja utgava limiterad gelimiteerde limitowana wydanie winyl винил виниловая пластинка limitata limitato vinile vinili anniversario rimasterizzato rimasterizzata musicassetta cd2 blu spec bluspec
  importado importada importato nummeriert nummerierte numerada numerado numerata numerato precintada sellado digibook earbook`
const LOCAL_WEAK = `inkl inklusive mit und neu ovp farbe grunes grune grun rotes rote rot blaues blaue blau weisses weisse weiss
  schwarzes schwarze schwarz gelbes gelbe gelb goldenes transparentes zum jahre jahriges
  neuf neuve nouvelle nouveau speciale collector collecteur vert verte rouge bleu bleue blanc blanche noir noire jaune
  couleur transparent avec inclus incluant titres en livret libro libretto anglais allemand francais italien japonais americain numerote coffret pochette
  especial conmemorativa comemorativa commemorativa coleccionista colecionador signiert signierte firmada firmado firmato autografata autografato
  oplage gekleurd издание nueva nuevo verde rojo azul blanco negro amarillo de con incluye precintado importacion ingles caja
  vinil disco duplo simple nuova nuovo rosso nero bianco giallo colorato cofanetto inglese co jp`

/**
 * Words that describe how a record was pressed, packed or mastered. They never make another album of it. Each of the
 * strong ones shows by itself that the words beside it are such a description.
 */
const STRONG = words(`
  vinyl vinyle vinilo lp lps digitally fanbox ecopack cd cds sacd sacds hdcd dvd disc discs disk cassette edition editions edicion edizione
  auflage ausgabe ed edt ltd limited limted limitee deluxe dlx exclusive remaster remastered remasters remasterise
  remasterizado remstr reissue reissued anniversary anniversaire expanded gatefold gram grams gm dvda
  numbered import imported pressing repress explicit advisory clean bonus download digital dl dlcard mono stereo hq audiophile
  rpm rsd mqa mqacd hqcd k2hd supervinyl mediabook ultradisc boxset boxed collectors platinum hybrid multichannel mastered mastering uhqcd shm reissues color
  translucent transparent splatter splattered marbled swirl swirled swirls opaque rm remix mixed lenticular digipak
  digipack digisleeve heavyweight analog indie version mix enhanced mov audio cd5 dmm bluray standalone colorway mfsl mofi ojc rocktober weverse photobook digipack edited cccd uhqr syeor minidisc remastert viny vinly vynil reedition reed
  ${LOCAL_STRONG}
`)

/** These say so only in company: "Red", "Blue" and "For the Record" are albums, too. */
const WEAK = words(`
  a an and the with w of in on for by new only copies made to from original album full extra plus incl includes inc
  including included contains card code coupon poster booklet book photo photos print black white red blue green yellow
  orange purple pink gold golden silver clear grey gray brown violet teal turquoise cyan magenta bone cream ivory amber
  ruby bronze copper smoke smoky smoked neon glow dark light pale sky deep hot baby bright royal crystal ice milky cloudy
  coke bottle tri colors two tone half side split marble marbling lavender mint peach tan rainbow galaxy cherry coral rose
  olive navy aqua maroon burgundy scarlet crimson metallic pearl glitter sea glass solid multi virgin recycled electric
  record records store day friday uk us usa eu europe european japan japanese german germany canada canadian english
  australia australian france french italy italian holland dutch mexico brazil asia asian mexican swedish spanish
  netherlands belgium hong kong taiwan korea korean standard special super ultra ultimate high quality definition double
  triple sealed inch year years birthday th st nd rd g gr lb set box pack package first second third press one three four
  five six seven eight nine ten fourth fifth tenth fifteenth twentieth thirtieth fortieth fiftieth legacy essential classic series sound poet verve blue note craft analogue productions
  artwork autographed signed embossed foil holographic diamond alternate cover front sticker obi strip free pc piece tape
  picture pic parental release format speed master collector sleeve slv jewel case insert amazon com target walmart retailer
  urban outfitters newbury comics vmp hmv fnac barnes noble x track tracks song songs copy original recording recordings
  recorded hd dolby atmos surround 5 bit hour hours blu ray hand die cut etched zoetrope effect variant assorted random
  mini digi pak fold out back to re remastering audio japan only mp3 usb rudy van gelder rvg steven wilson giles martin
  unique spined seller content keepnews kit photo jewel random photocard photocards may vary packaging packaged transition featuring ann anniv repack international debut hype stickered
  colour pvc clamshell slipcase tri fold foldout gate inner lyric lyrics sheet insert inserts obi strip card cards postcard
  lithograph poster posters patch download code codes mp3 flac wav hires hi res remaining stock new sealed
  k2 definitive compact ch pa acoustic sounds tour art pocket issue adapted
  jewelcase centennial centenary uber fan replica germania regno unito stati uniti francia giappone olanda spagna svizzera austria inghilterra estados unidos reino alemania francia japon espana italia etats unis allemagne angleterre royaume uni step arancione marrone viola grigio dual plus sony columbia decca capitol atlantic motown stax warner rhino emi mca ecm geffen island polydor reprise
  eco lim controlled protected parlophone mercury virgin condition vg nm mint used millennium cardboard paper wallet swiss
  ${LOCAL_WEAK}
`)

/** How Japanese shops tell a pressing, the longer words first; their notes have no spaces. */
const JAPANESE = [
  ...words(
    `限定 初回 通常 輸入 国内 完全 生産 期間 数量 disc 特典 あり 有 付 き 盤 版 紙 ジャケット ジャケ 仕様 リマスター デラックス エディション アナログ レコード 重量 廃盤 中古 新品 直 正規 公式 日本 独自 枚 組 高音質
    バインダー フォトブック アートブック フォトカード ブックレット 映像 特製 写真 写真集 ポストカード blu ray ボーナス トラック 帯 のみ 取扱 送料無料 amazon co jp cd dvd lp shm メーカー 早期 先着 購入 予約 対象 外 け オリジナル ステッカー クリアファイル ポスター メガ 豪華 付属品 解説 歌詞 対訳 日本語歌詞 スペシャル プライス 封入 店舗 限り 第 弾 なし 復刻 bd sacd uhqcd hqcd mqa マルチ ハイブリッド インチ 周年 記念 スーパー`,
  ),
]
  .map((word) => normalizeText(word))
  .sort((left, right) => right.length - left.length)

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/))
}

/** "2lp", "180g", "140gram", "3xlp", "12in", "45rpm", "24bit": a count with a unit. */
const MEASURE =
  /^\d{1,4}x?(lps?|cds?|dvds?|shm|bd|g|gr|gm|grams?|k|in|inch|rpm|blu|discs?|xlp|xvinyl|bit|mm|track|x|copies)$/
const ORDINAL_OR_NUMBER = /^\d{1,4}(st|nd|rd|th|er|eme|e|o|a)?$/
/** What may stand beside a number that only counts something. */
const UNIT =
  /^(grams?|gm|gr|g|rpm|inch|inches|in|lps?|cds?|dvds?|discs?|discos|disques|disk|vinyl(s|es)?|vinilos|vinili|sacds?|x|bonus|tracks?|songs?|anniversary|anniversaire|aniversario|anniversario|jubilaum|anniv|ann|birthday|years?|year|jahre|ans|anni|anos|copies|pc|piece|page|color|box|of|surround|khz|k|record|records|cassettes?|extra|new|oz|pack|hybrid|singles?|eps?)$/
const COLOR_OF =
  /^(color|vinyl|vinyle|splatter|splattered|swirl|swirls|swirled|marble|marbled|smoke|galaxy|variant|exclusive)$/
const MAX_COLOR_NAME = 3
/** "2 LPs on 1 CD", "Two Albums On One CD", "2 auf 1". */
const TWO_IN_ONE = /\b[2-4] ((original |classic )?(lps?|albums?|alben|records?) )?(on|in|auf|sur|en) (1|one)\b/

export function isStrongEditionWord(word: string): boolean {
  return STRONG.has(word) || MEASURE.test(word)
}

/** Whether the words, in company of a strong one, are nothing but a description of the pressing. */
export function isEditionWord(word: string): boolean {
  return isStrongEditionWord(word) || WEAK.has(word) || ORDINAL_OR_NUMBER.test(word) || isJapaneseEdition(word)
}

/** "Gold", "Japan": of a title that many albums bear it may tell one of them, for nothing in it says "pressing". */
export function isBareNote(edition: string): boolean {
  const note = edition.split(' ')
  return !isNamedPressing(note) && !note.some((word) => isStrongEditionWord(word) || isJapaneseEdition(word))
}

/** Whether nothing is left of a word when all that Japanese shops write is taken from it. */
function isJapaneseEdition(word: string): boolean {
  if (word.length > 60 || !/[^a-z0-9]/.test(word)) return false
  // "初回限定盤A" is one of several.
  return JAPANESE.reduce((rest, known) => rest.replaceAll(known, ''), word.replace(/\d|(?<=[盘版])[a-e]$/g, '')) === ''
}

/**
 * The words of a note that no list explains as a description of the pressing. The name of a colour or shop is
 * explained by what follows it ("Dyers Green Colored", "Wintry White Vinyl"), a number by its unit, a year by a
 * strong word beside it.
 *
 * @param note normalized words
 */
export function findUnexplained(note: readonly string[]): string[] {
  if (isNamedPressing(note) || isReissueSeries(note)) return []
  // A pressing of two records, or of one that was two: that is for somebody to see.
  if (TWO_IN_ONE.test(note.join(' '))) return [...note]
  const strong = note.some((word) => isStrongEditionWord(word) || isJapaneseEdition(word))
  return note.filter((word, at) => {
    if (/^\d+$/.test(word)) return !isCounting(note, at, strong)
    if (
      isEditionWord(word) ||
      (/^(x{1,3}|x?[lx]?x?v|x?l)$/.test(word) && /^(anniversary|jahre|years)$/.test(note[at + 1] ?? ''))
    )
      return false
    return !isColorName(note, at)
  })
}

/** "Touchstones Series", "Luminessence Series": what labels call a row of reissues, if nothing in it tells of the music. */
const isReissueSeries = (note: readonly string[]) =>
  note.at(-1) === 'series' && A_SERIES.test(note.join(' ')) && !OF_MUSIC.test(note.join(' '))
const A_SERIES = /^(the )?([a-z]{3,20} ){1,3}(vinyl )?series$/
const OF_MUSIC =
  /\b(the series|bootlegs?|archives?|tv|television|web|mini|anime|drama|netflix|amazon|hbo|disney|bbc|film|movie|video|game|live|remix|mix|dub|sessions?|concerts?|radio|box|complete|original|first|second|third|fourth|new|lost|early|solo|duo|trio|piano|guitar|songs?|best|hits|greatest|collection|anthology|lecture|story|book|millennium|volume|part|world)\b/

/** Letters that Korean sleeves are told by ("L Ver."), and reissues by the label that has the tapes. */
function isNamedPressing(note: readonly string[]): boolean {
  const last = note.at(-1) ?? ''
  if (OCCASION.test(note.join(' ')) || (/^\d+$/.test(last) && CATALOGUED.test(note.join(' ')))) return true
  if (note.length < 2 || note.length > MAX_NAMED) return false
  if (last === 'ver') return note.slice(0, -1).every((word) => /^[a-z]$/.test(word) || isEditionWord(word))
  return NAMING.test(last) && SERIES.test(note.join(' '))
}

/** Days and clubs that shops have pressings of their own for, and how Japanese ones tell apart what lies beside the record. */
const OCCASION =
  /^(((rsd )?black friday|love record stores)( (19|20)\d\d)?|vinyl me please|music on (cd|vinyl)|verve by request|touchstones|luminessence|(polish jazz|jazz in paris)( volume \d{1,3})?|type [a-d]|((original|and|mono|stereo|surround|atmos) )+mixes)$/
/** A label's number: "ECM 1792", "BLP 1577"; works have numbers of such a kind, too. */
const CATALOGUED =
  /^(ecm( new series)?|japo|watt|act|enja|mps|cti|tzadik|intakt|hatology|blp|bst|bnst|prlp|prst|rlp|sd|cs|cl|kc|pc|shvl|shsp|sxl|asd|chan|cda|hmc|hmu|bis( cd| sacd)?|fact|cad|stumm) \d{3,6}( \d{1,2})?$/
const SERIES =
  /^((remastered )?(discovery|experience|immersion) (edition|version)|(dg|deutsche grammophon) (the )?originals|(original )?((columbia )?jazz classics|(\w+ ){0,3}archive collection|rudy van gelder|keepnews collection|verve originals|acoustic sounds|ojc|mobile fidelity)( (remasters?|edition|series))?)$/
const MAX_NAMED = 6
/** What a series' name ends with. */
const NAMING = /^(edition|version|classics|gelder|collection|originals|ojc|fidelity|remasters?|series)$/

function isCounting(note: readonly string[], at: number, strong: boolean): boolean {
  const word = note[at] ?? ''
  // A year or the size of a record, where a strong word shows that the note is about the pressing.
  if (/^((19|20)\d\d|7|10|12|180|140|200)$/.test(word)) return strong
  // "5.1 Surround".
  if (/^\d$/.test(word) && /^\d$/.test(note[at + 1] ?? '') && note[at + 2] === 'surround') return true
  return (
    UNIT.test(note[at + 1] ?? '') || /^(x|of|surround)$/.test(note[at - 1] ?? '') || /^\d$/.test(note[at - 1] ?? '')
  )
}

function isColorName(note: readonly string[], at: number): boolean {
  for (let next = at + 1; next <= at + MAX_COLOR_NAME && next < note.length; next++) {
    const word = note[next] ?? ''
    if (COLOR_OF.test(word)) return true
    if (isStrongEditionWord(word)) return false
  }
  return false
}
