import { describe, expect, it } from 'vitest'
import { compareTitles } from '../../../src/enrich/match/compare-titles.ts'
import { readAlbumTitle } from '../../../src/enrich/match/read-album-title.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const compare = (title: string, product: string, artist = 'Somebody') =>
  compareTitles(readAlbumTitle(sampleAlbum(title, [artist])), sampleProduct(product))

describe('compareTitles', () => {
  it.each([
    ['equal', 'Timely!! = タイムリー', 'Timely!!'],
    ['equal', 'The Marshall Mathers LP', 'The Marshall Mathers LP [LP]'],
    ['equal', 'Scary Monsters (And Super Creeps)', 'Scary Monsters'],
    ['shortened', 'Fully Loaded: God’s Country', 'Fully Loaded'],
    ['near', 'Paradise Theater', 'Paradise Theatre'],
    ['near', 'My Beautiful Dark Twisted Fantasy', 'My Beautiful Dark Twisted Fanta'],
    ['near', 'Deadringer', 'Dead Ringer'],
    ['contained', 'My World 2.0', 'My World'],
    ['sequel', 'Greatest Hits', 'Greatest Hits Vol 2'],
    ['extended', 'Harvest', 'Harvest Moon'],
    ['extended', 'Thriller', 'Thriller 25'],
    ['different', 'Desolation Boulevard', 'Isolation Boulevard'],
    ['translated', 'Die Mensch-Maschine', 'The Man-Machine'],
    ['translated', 'Computerwelt', 'Computer World'],
    ['translated', 'Trois couleurs: Bleu', 'Three Colors: Blue'],
    ['different', 'Trois couleurs: Bleu', 'Two Colors: Blue'],
    ['different', 'The Number of the Beast', 'Running Free'],
    ['different', 'AM', 'Whatever People Say I Am'],
    ['different', 'Memoirs of a Madman', 'Diary of a Madman'],
  ])('calls it %s: %s and %s', (kind, title, product) => {
    expect(compare(title, product).kind).toBe(kind)
  })

  it('reads titles with and without the artist', () => {
    expect(compare('Sam Cooke at the Copa', 'At The Copa', 'Sam Cooke').kind).toBe('equal')
    expect(compare('Black Celebration', 'Black Celebration by Depeche Mode', 'Depeche Mode').kind).toBe('equal')
    expect(compare('Greatest Hits', "Simon & Garfunkel's Greatest Hits", 'Simon & Garfunkel').kind).toBe('equal')
  })

  it('reads the titles of sellers, who add label and catalogue number', () => {
    const sold = 'Depeche Mode - Black Celebration - Mute - CD STUMM 26, Mute - INT 836.809'
    expect(compare('Black Celebration', sold, 'Depeche Mode').kind).toBe('equal')
    expect(compare('The Wall', 'Pink Floyd - The Wall - Animals', 'Pink Floyd').kind).not.toBe('equal')
  })

  it('takes no other album of a band for the one that bears its name', () => {
    expect(compare('Talking Heads', 'The Name of This Band Is Talking Heads', 'Talking Heads').kind).toBe('different')
    expect(compare('Weezer', 'Van Weezer (Vinyl)', 'Weezer').kind).toBe('different')
    expect(compare('The Beatles', 'With the Beatles 180 Gram Vinyl', 'The Beatles').kind).not.toBe('equal')
  })

  it('finds signs of another record only in what the product adds', () => {
    expect(compare('Live Through This', 'Live Through This (Vinyl)').other).toBeNull()
    expect(compare('Holy Diver', 'Holy Diver Live').other?.kind).toBe('live')
    expect(compare('Piano Man', 'Piano Man, A Tribute to Billy Joel', 'Billy Joel').other?.kind).toBe('homage')
  })

  it('finds that the first recording lacks the note of the later one', () => {
    expect(compare("Red (Taylor's Version)", 'Red (Vinyl)').doubt).toContain('the product has not')
    expect(compare("Red (Taylor's Version)", "Red (Taylor's Version) (4Lp)")).toMatchObject({
      other: null,
      doubt: null,
    })
    expect(compare('Legend (The Best Of Bob Marley)', 'Legend (Vinyl)', 'Bob Marley').doubt).toBeNull()
  })

  it('reads the edition and the formats, too', () => {
    const karaoke = sampleProduct('Fly', undefined, { formats: ['Karaoke'] })
    expect(compareTitles(readAlbumTitle(sampleAlbum('Fly', ['Dixie Chicks'])), karaoke).other?.kind).toBe('tribute')
  })
})
