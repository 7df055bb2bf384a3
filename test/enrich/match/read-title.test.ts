import { describe, expect, it } from 'vitest'
import { readTitle } from '../../../src/enrich/match/read-title.ts'

describe('readTitle', () => {
  it.each([
    ['Red (200G/Remix/Ltd) (Vinyl)', 'red'],
    ['In Rainbows LP', 'in rainbows'],
    ['Kind Of Blue Vinyl', 'kind of blue'],
    ['Help! 180 Gram Vinyl Edition', 'help'],
    ['Rumours - Exclusive Limited Edition Gold Colored Vinyl LP', 'rumours'],
    ['(120 Gram) One By One (Vinyl)', 'one by one'],
    ['The Marshall Mathers LP (Reissued [2 Vinyl LP]', 'the marshall mathers'],
    ['Let It Bleed (50th Anniversary Box Set) (2LP 180 Gram Vinyl + 2 SACD + 7" Vinyl Single)', 'let it bleed'],
  ])('finds the pressing in %s', (title, core) => {
    const read = readTitle(title)
    expect(read.core).toBe(core)
    expect(read.editions).not.toEqual([])
    expect(read.notes).toEqual([])
  })

  it.each([
    ['Legend (The Best Of Bob Marley)', 'the best of bob marley'],
    ["Fearless (Taylor's Version)", 'taylors version'],
    ['Purple Rain (12" Vinyl Single)', '12 inch vinyl single'],
    ['The Beatles (The White Album)', 'the white album'],
  ])('keeps what the note of %s says about the music', (title, note) => {
    expect(readTitle(title).notes).toEqual([note])
  })

  it.each([
    ['"Chapter 12" (Vinyl)', 'chapter 12'],
    ['“Area 7”', 'area 7'],
    ['Mezzanine 12"', 'mezzanine 12 inch'],
    ['"Heroes" 7"', 'heroes 7 inch'],
  ])('reads the mark behind the number of %s as a quotation’s end, or as inches', (title, core) => {
    expect(readTitle(title).core).toBe(core)
  })

  it('keeps a title that is nothing but a bracket, or one word of the pressing', () => {
    expect(readTitle('(GI)').core).toBe('gi')
    expect(readTitle('( )').core).toBe('()')
    expect(readTitle('LP').core).toBe('lp')
  })

  it('keeps a title after a dash', () => {
    expect(readTitle('Daft Punk - Discovery Vinyl').segments).toEqual(['daft punk', 'discovery'])
  })

  it('sees a list of records', () => {
    expect(readTitle('Blizzard Of Ozz / Diary Of A Madman').isList).toBe(true)
    expect(readTitle('Stranger (1977) / Vinyl record [Vinyl-LP]').isList).toBe(false)
  })
})
