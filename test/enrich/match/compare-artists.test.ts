import { describe, expect, it } from 'vitest'
import { compareArtists } from '../../../src/enrich/match/compare-artists.ts'
import { readAlbumArtists } from '../../../src/enrich/match/read-album-artists.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const compare = (wanted: string[], given: string | undefined, title = 'Some Record', albumTitle = 'Some Record') =>
  compareArtists(readAlbumArtists(sampleAlbum(albumTitle, wanted)), sampleProduct(title, given), false).kind

describe('compareArtists', () => {
  it.each([
    ['Taylor Swift', 'Swift, Taylor'],
    ['Bob Marley & The Wailers', 'MARLEY,BOB & THE WAILERS'],
    ['Bob Dylan', 'Dylan, Bob and B. Dylan'],
    ['Tyler, The Creator', 'Tyler, The Creator and Multi-Artistes'],
    ['Steely Dan', 'Steely Dan, Walter Becker, et al.'],
    ['Earth, Wind & Fire', 'Wind & Fire Earth'],
    ['The Clash', 'Clash, The'],
    ['A Tribe Called Quest', 'TRIBE CALLED QUEST'],
    ['B.B. King', 'Eric Clapton/B. B. King'],
    ['Harry Connick, Jr.', 'Connick Jr., Harry'],
  ])('finds %s in %s', (wanted, given) => {
    expect(compare([wanted], given)).toBe('same')
  })

  it('is content with one of several credited artists', () => {
    expect(compare(['Tony Bennett', 'Lady Gaga'], 'Lady Gaga')).toBe('same')
  })

  it.each([
    ['Prince And The Revolution', 'Prince'],
    ['The Dave Brubeck Quartet', 'BRUBECK,DAVE'],
    ['Red Hot Chili Peppers', 'RED HOT CHILI PEPPER'],
  ])('takes part of the name of %s in %s', (wanted, given) => {
    expect(compare([wanted], given)).toBe('part')
  })

  it('finds the artist in the title when nobody is named', () => {
    expect(compare(['Depeche Mode'], undefined, 'Depeche Mode - Black Celebration')).toBe('same')
  })

  it('does not count the name twice when the album bears it', () => {
    expect(compare(['Asia'], undefined, 'Asia', 'Asia')).toBe('unknown')
  })

  it('reads "artist and title" as two records', () => {
    expect(compare(['Harry Styles'], undefined, 'Harry Styles & Fine Line')).toBe('unknown')
  })

  it('takes various artists for somebody else, unless the album is theirs', () => {
    expect(compare(['Pink Floyd'], 'Various Artists')).toBe('various')
    expect(compare(['Various Artists'], 'VARIOUS ARTISTS')).toBe('same')
    expect(compare(['Various Artists'], 'Somebody')).toBe('alike')
  })

  it.each([
    ['Hank Williams', 'Hank Williams, Jr.'],
    ['Dixie Chicks', 'The Chicks'],
    ['Prince', 'Prince Royce'],
  ])('takes %s and %s for alike at most', (wanted, given) => {
    expect(compare([wanted], given)).toBe('alike')
  })

  it('hears the brand when it speaks for the artist, and not when it is a label', () => {
    const album = readAlbumArtists(sampleAlbum('Some Record', ['Miles Davis']))
    const nameless = [{ name: '', role: 'Contributor', roleType: null }]
    const by = (brand: string) => sampleProduct('Some Record', undefined, { brand, contributors: nameless })
    expect(compareArtists(album, by('Davis, Miles'), false).kind).toBe('same')
    expect(compareArtists(album, by('Columbia'), false).kind).toBe('unknown')
  })

  it('keeps strangers apart', () => {
    expect(compare(['King Crimson'], 'Swift, Taylor')).toBe('different')
  })
})
