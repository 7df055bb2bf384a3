import type { Product } from '../../album.ts'
import { toNameWords } from './artist-names.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { remember } from './remember.ts'

/** Composers whose works many have recorded: their name alone names no record. Those of one surname have the first name. */
const COMPOSERS =
  `Isaac Albeniz, Tomaso Albinoni, Johann Sebastian Bach, Carl Philipp Emanuel Bach, Samuel Barber, Bela Bartok,
Ludwig van Beethoven, Vincenzo Bellini, Alban Berg, Luciano Berio, Hector Berlioz, Leonard Bernstein, Georges Bizet,
Luigi Boccherini, Alexander Borodin, Johannes Brahms, Benjamin Britten, Max Bruch, Anton Bruckner, Dietrich Buxtehude,
William Byrd, John Cage, Emmanuel Chabrier, Frederic Chopin, Aaron Copland, Arcangelo Corelli, Francois Couperin,
Claude Debussy, Leo Delibes, Gaetano Donizetti, John Dowland, Paul Dukas, Antonin Dvorak, Edward Elgar, Manuel de Falla,
Gabriel Faure, Morton Feldman, Cesar Franck, George Gershwin, Philip Glass, Alexander Glazunov, Christoph Willibald Gluck,
Henryk Gorecki, Charles Gounod, Enrique Granados, Edvard Grieg, George Frideric Handel, Georg Friedrich Handel, Joseph Haydn,
Franz Joseph Haydn, Hildegard von Bingen, Paul Hindemith, Gustav Holst, Charles Ives, Leos Janacek, Aram Khachaturian,
Zoltan Kodaly, Erich Wolfgang Korngold, Gyorgy Ligeti, Franz Liszt, Jean-Baptiste Lully, Witold Lutoslawski, Gustav Mahler,
Jules Massenet, Felix Mendelssohn, Felix Mendelssohn-Bartholdy, Olivier Messiaen, Claudio Monteverdi, Wolfgang Amadeus Mozart,
Modest Mussorgsky, Carl Nielsen, Jacques Offenbach, Carl Orff, Johann Pachelbel, Giovanni Pierluigi da Palestrina, Arvo Part,
Giovanni Battista Pergolesi, Astor Piazzolla, Francis Poulenc, Sergei Prokofiev, Sergey Prokofiev, Giacomo Puccini,
Henry Purcell, Sergei Rachmaninoff, Sergei Rachmaninov, Sergey Rachmaninov, Jean-Philippe Rameau, Maurice Ravel, Max Reger,
Steve Reich, Ottorino Respighi, Terry Riley, Nikolai Rimsky-Korsakov, Joaquin Rodrigo, Gioachino Rossini, Camille Saint-Saens,
Erik Satie, Domenico Scarlatti, Alfred Schnittke, Arnold Schoenberg, Arnold Schonberg, Franz Schubert, Robert Schumann,
Clara Schumann, Alexander Scriabin, Dmitri Shostakovich, Dmitry Shostakovich, Jean Sibelius, Bedrich Smetana,
Karlheinz Stockhausen, Johann Strauss, Richard Strauss, Igor Stravinsky, Karol Szymanowski, Thomas Tallis, John Tavener,
Pyotr Ilyich Tchaikovsky, Peter Ilyich Tchaikovsky, Georg Philipp Telemann, Edgard Varese, Ralph Vaughan Williams,
Giuseppe Verdi, Tomas Luis de Victoria, Heitor Villa-Lobos, Antonio Vivaldi, Richard Wagner, William Walton,
Carl Maria von Weber, Anton Webern, Kurt Weill, Iannis Xenakis, John Adams, John Luther Adams, Max Richter`
    .split(',')
    .map((name) => toWords(name))
/** Surnames that are common words or other artists' need a first name. */
const NEEDS_FIRST_NAME = new Set(
  'adams glass reich cage part berg barber riley walton richter bernstein ives byrd strauss'.split(' '),
)
/** As Japanese shops name them, first names left out or before. */
const JAPANESE = new Set(
  `アルビノーニ バッハ バルトーク ベートーヴェン ベルリオーズ ビゼー ブラームス ブルックナー ショパン ドビュッシー ドヴォルザーク
エルガー フォーレ フランク グリーグ ヘンデル ハイドン ホルスト リスト マーラー メンデルスゾーン モーツァルト ムソルグスキー オルフ
パガニーニ プロコフィエフ プッチーニ ラフマニノフ ラヴェル ロドリーゴ サティ シューベルト シューマン ショスタコーヴィチ シベリウス スメタナ
シュトラウス ストラヴィンスキー チャイコフスキー テレマン ヴェルディ ヴィヴァルディ ワーグナー`
    .split(/\s+/)
    .map((name) => toWords(name).join('')),
)
const SURNAMES = new Set(COMPOSERS.map((name) => name.at(-1) ?? '').filter((surname) => !NEEDS_FIRST_NAME.has(surname)))
const BY_SURNAME = Map.groupBy(COMPOSERS, (name) => name.at(-1) ?? '')
const FULL = new Set(COMPOSERS.map((name) => [...name].sort().join(' ')))

/** @param name a person's name as words; in either order, with initials, or a well-known surname alone */
export function isComposer(name: readonly string[]): boolean {
  const surname = name.at(-1) ?? ''
  // "Mahler, G."
  const [turned = ''] = name
  if (name.length === 2 && surname.length === 1 && turned.length > 1) return isComposer([surname, turned])
  if (JAPANESE.has(surname)) return true
  if (name.length === 1) return SURNAMES.has(surname) || FULL.has(surname)
  const first = name.slice(0, -1)
  const isFirst = (known: readonly string[]) =>
    first.every((word) => known.includes(word)) || (known[0]?.[0] === first[0]?.[0] && (first[0]?.length ?? 0) <= 3)
  return BY_SURNAME.get(surname)?.some(isFirst) === true || FULL.has([...name].sort().join(' '))
}

/** Whether a title names one by surname: "Sibelius: Violin Concerto". */
export const namesComposer = remember((title: string) =>
  normalizeText(title)
    .split(' ')
    .some((word) => isComposer([word])),
)

const LED = /^([^:]{1,60}):/

/** Who stands before a colon, as words: "R. Strauss: Four Last Songs"; null where nobody does. */
export function readLead(title: string): readonly string[] | null {
  const lead = LED.exec(title)?.[1]
  return lead === undefined ? null : toNameWords(lead)
}

/** Whether a product names a composer: in its title, before a colon, or among those credited. */
export function creditsComposer({ title, contributors }: Product): boolean {
  const lead = readLead(title)
  if (namesComposer(title.slice(0, MAX_TITLE)) || (lead !== null && isComposer(lead))) return true
  return contributors.slice(0, MAX_NAMES).some(({ name }) => isComposer(toNameWords(name)))
}

const ENSEMBLE =
  /(philharmon|orchest|symphon|sinfoni|ensemble|quartet|choir|chorus|kammer|chamber|staatskapelle|gewandhaus|consort|academy|akademie|concertgebouw|camerata|singakademie|coro|choeur|musici|合奏団|管弦楽団|交響楽団|フィル|四重奏団|合唱団)/

/** Whether a name is that of an orchestra, a choir or the like, which plays for many. */
export function isEnsemble(name: readonly string[]): boolean {
  return ENSEMBLE.test(name.join(' '))
}
