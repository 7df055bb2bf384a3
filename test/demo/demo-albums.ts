import { readFileSync } from 'node:fs'
import type { AlbumEnriched, Outcome } from '../../src/events.ts'

/** An album of test/data/demo-albums.jsonl; the first 25 say what must become of them. */
export interface DemoAlbum {
  album: { albumId: string; title: string; artists: { name: string }[] }
  expect?: { outcome: Outcome | 'dead_letter'; mustLink?: string[]; mustNotLink?: string[] }
}

export function loadDemoAlbums(count: number): DemoAlbum[] {
  const text = readFileSync(new URL('../data/demo-albums.jsonl', import.meta.url), 'utf8')
  const all: DemoAlbum[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  if (count > all.length) throw new Error(`--albums ${count}: there are ${all.length} albums`)
  return all.slice(0, count)
}

/** What differs from what the album's line demands; empty when all is as expected, or nothing is. */
export function findMismatches(
  { album, expect }: DemoAlbum,
  result: AlbumEnriched | 'dead_letter' | undefined,
): string[] {
  if (expect === undefined) return []
  const outcome = result === 'dead_letter' ? result : result?.outcome
  const linked = new Set(typeof result === 'object' ? result.links.map(({ asin }) => asin) : [])
  const name = `${album.albumId} ${album.title}`
  return [
    ...(outcome === expect.outcome ? [] : [`${name}: outcome ${outcome}, expected ${expect.outcome}`]),
    ...(expect.mustLink ?? []).filter((asin) => !linked.has(asin)).map((asin) => `${name}: ${asin} is not linked`),
    ...(expect.mustNotLink ?? []).filter((asin) => linked.has(asin)).map((asin) => `${name}: ${asin} is linked`),
  ]
}
