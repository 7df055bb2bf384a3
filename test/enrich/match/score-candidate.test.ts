import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Product } from '../../../src/album.ts'
import { createScorer, scoreCandidate } from '../../../src/enrich/match/score-candidate.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const judge = (title: string, artist: string, product: string, by?: string, more: Partial<Product> = {}) =>
  scoreCandidate(sampleAlbum(title, [artist]), sampleProduct(product, by, { binding: 'LP Record', ...more })).verdict

describe('the rules accept', () => {
  it.each([
    ['Abbey Road', 'The Beatles', 'Abbey Road [180g Vinyl LP]', 'The Beatles'],
    ['Red', 'King Crimson', 'Red (200G/Remix/Ltd) (Vinyl)', 'KING CRIMSON'],
    ['Fearless', 'Taylor Swift', 'Fearless (Platinum Edition - Vinyl)', 'Swift, Taylor'],
    ['Legend', 'Bob Marley & The Wailers', 'Legend (Half-Speed Master Vinyl)', 'MARLEY,BOB & THE WAILERS'],
    ['Purple Rain', 'Prince And The Revolution', 'Purple Rain (2017 Remaster) (Vinyl)', 'Prince'],
    ['Nevermind', 'Nirvana', 'Nevermind (Vinyl)', 'Nirvana and Kurt Cobain'],
    ['Black Celebration', 'Depeche Mode', 'Black Celebration by Depeche Mode', undefined],
    ['Live Through This', 'Hole', 'Live Through This (Vinyl)', 'Hole'],
    ['Paradise Theater', 'Styx', 'Paradise Theatre (Vinyl)', 'Styx'],
    ['The Marshall Mathers LP', 'Eminem', 'The Marshall Mathers LP (Reissued [2 Vinyl LP]', 'Eminem'],
    [
      'Trench',
      'Twenty One Pilots',
      'Twenty One Pilots -Trench Yellow/Green Limited Edition Colored Vinyl',
      'Twenty One Pilots',
    ],
    ['Hank Williams - 40 Greatest Hits', 'Hank Williams', '40 Greatest Hits (Vinyl)', 'Hank Williams'],
    ['At Fillmore East', 'The Allman Brothers Band', 'Live At Fillmore East (Vinyl)', 'Allman Brothers Band'],
  ])('%s by %s: %s', (title, artist, product, by) => {
    expect(judge(title, artist, product, by)).toBe('accept')
  })
})

describe('the rules reject', () => {
  it.each([
    ['a tribute', 'Butterfly', 'Mariah Carey', 'A Tribute to Mariah Carey', undefined],
    ['a karaoke record', 'No Fences', 'Garth Brooks', 'Top Tunes Karaoke CDG Garth Brooks', undefined],
    ['a live recording', 'Holy Diver', 'Dio', 'Holy Diver Live (Vinyl)', 'Dio'],
    ['a re-recording', 'Fearless', 'Taylor Swift', 'Fearless (Taylor’s Version)', 'Taylor Swift'],
    ['a song of it as a single', 'Purple Rain', 'Prince', 'When Doves Cry (12" Vinyl Single)', 'Prince'],
    ['another album', 'Post', 'Björk', 'Homogenic (Vinyl)', 'Bjork'],
    ['the next volume', 'Santana', 'Santana', 'Santana III (Mov Version) (Vinyl)', 'Santana'],
    ['the sequel', 'The Marshall Mathers LP', 'Eminem', 'The Marshall Mathers LP2 [2 LP][Explicit]', 'Eminem'],
    ['a namesake', 'Red', 'King Crimson', 'RED (2LP Vinyl)', 'Swift, Taylor'],
    ['three records in one', 'Ten', 'Pearl Jam', 'Ten / Vs. / Vitalogy', 'Pearl Jam'],
    ['a pun on the title', 'Desolation Boulevard', 'Sweet', 'Isolation Boulevard (Vinyl)', 'The Sweet'],
    [
      'the other self-titled one',
      'The Velvet Underground',
      'The Velvet Underground',
      'Velvet Underground & Nico',
      'VELVET UNDERGROUND',
    ],
  ])('%s', (_what, title, artist, product, by) => {
    expect(judge(title, artist, product, by)).toBe('reject')
  })

  it.each(['Hardcover', 'DVD', 'Musical Instruments', 'Product Bundle'])('what is sold as %s', (binding) => {
    expect(judge('Kill Em All', 'Metallica', 'Kill Em All', 'Metallica', { binding })).toBe('reject')
  })

  it('a toy that a seller lists with the artist', () => {
    expect(judge('Revolver', 'The Beatles', 'Revolver', 'The Beatles', { binding: null, productGroup: 'Toy' })).toBe(
      'reject',
    )
  })
})

describe('the rules leave open', () => {
  it.each([
    ['an equal title without an artist', 'Liquid Swords', 'GZA', 'Liquid Swords', undefined],
    ['an artist who is only alike', 'Wide Open Spaces', 'Dixie Chicks', 'Wide Open Spaces (Vinyl)', 'The Chicks'],
    ['the artist’s son', 'Greatest Hits', 'Hank Williams', 'Greatest Hits (Vinyl)', 'Hank Williams, Jr.'],
    ['the first recording', "Red (Taylor's Version)", 'Taylor Swift', 'RED (2LP Vinyl)', 'Swift, Taylor'],
    // As "Hot August Night - Live At The Greek Theatre", which is the album itself.
    [
      'two records in one, or a title in two languages',
      'Diary of a Madman',
      'Ozzy Osbourne',
      'Blizzard Of Ozz / Diary Of A Madman (3Cd)',
      'OSBOURNE,OZZY',
    ],
    ['a place beside the title', 'A Love Supreme', 'John Coltrane', 'A Love Supreme: Live in Seattle', 'John Coltrane'],
    // A catalogue has singles, too: of "Blue Monday" there is nothing else.
    ['a single with the title', 'Blue Monday', 'New Order', 'Blue Monday [12" Single]', 'New Order'],
    ['a title that goes on', 'Harvest', 'Neil Young', 'Harvest Moon (Vinyl)', 'Neil Young'],
    ['a band under its members’ names', 'Kids See Ghosts', 'Kids See Ghosts', 'Kids See Ghosts (Vinyl)', 'Kanye West'],
  ])('%s', (_what, title, artist, product, by) => {
    expect(judge(title, artist, product, by)).toBe('open')
  })
})

describe('the score', () => {
  it('says why, part by part', () => {
    const { parts, reason, score } = scoreCandidate(
      sampleAlbum('Nevermind', ['Nirvana'], { releaseYear: 1991 }),
      sampleProduct('Nevermind (Vinyl)', 'Nirvana', { binding: 'LP Record', releaseDate: '1975-01-01' }),
    )
    expect(parts.map(({ name }) => name)).toEqual(['title', 'artist', 'format', 'edition', 'year', 'doubt'])
    expect(score).toBe(0.75)
    expect(reason).toBe('released in 1975, before the album (1991)')
  })

  it('is from 0 to 1 and never throws, whatever strangers wrote', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom('(', ')', '[', ' - ', '/', 'vinyl ', '2LP ', '\u202e', '\u0000', '😀', 'é', '"', ':'),
      }),
    )
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 12 }), text, text, text, (title, artists, product, by, binding) => {
        const given = sampleProduct(product, by, { binding, edition: title, releaseDate: by })
        const { score, parts, reason } = scoreCandidate(sampleAlbum(title, artists), given)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(1)
        expect(parts.every(({ value }) => Number.isFinite(value))).toBe(true)
        expect(reason).not.toBe('')
      }),
      { numRuns: 500 },
    )
  })

  it('costs no more for texts of 100,000 characters than for those of a thousand', () => {
    const units = [
      '(',
      ')',
      '[',
      '【',
      'a ',
      ' - ',
      ' = ',
      ' / ',
      'lp ',
      '[(',
      "'",
      'x',
      ' ',
      '\t',
      ',',
      '&',
      ' and ',
      '1',
      '.',
      '…',
    ]
    const more = [
      '限定',
      '枚組',
      'ii ',
      'vol ',
      'live ',
      'a,b&',
      '$',
      '²',
      'é',
      '(x)',
      ': ',
      'the ',
      'year ',
      '1 2 ',
      'with a ',
    ]
    const time = (length: number) => {
      const started = performance.now()
      for (const unit of [...units, ...more]) {
        const text = unit.repeat(Math.ceil(length / unit.length))
        const product = sampleProduct(text, text, { binding: text, edition: text, formats: [text], productGroup: text })
        for (const tail of ['', '!']) {
          scoreCandidate(sampleAlbum(text + tail, [text, `${text} b`]), { ...product, brand: text })
          scoreCandidate(sampleAlbum(`a ${text}`, ['a']), product)
          scoreCandidate(sampleAlbum('a', ['a']), sampleProduct(`${text}${tail}`, `${text}${tail}`))
        }
      }
      return performance.now() - started
    }
    time(1_000)
    expect(time(100_000)).toBeLessThan(3 * time(1_000) + 1_000)
  })

  it('reads the album once for all its products', () => {
    const judge = createScorer(sampleAlbum('Nevermind', ['Nirvana']))
    const products = [sampleProduct('Nevermind', 'Nirvana'), sampleProduct('Bleach', 'Nirvana')]
    expect(products.map((product) => judge(product).verdict)).toEqual(['accept', 'reject'])
    for (const product of products)
      expect(judge(product)).toEqual(scoreCandidate(sampleAlbum('Nevermind', ['Nirvana']), product))
  })
})
