import { loadConfig } from '../../config.ts'
import { formatAlbumCard } from '../album-card.ts'
import { escapeText, formatTable } from '../format-table.ts'
import { tryAlbum } from '../try-album.ts'
import { print, printJson } from './output.ts'

/** `try ARTIST TITLE`: enriches one album and stores nothing. */
export async function tryCommand(artist: string, title: string, { json }: { json?: true }): Promise<void> {
  const { album, enrichment, requests, withoutModel } = await tryAlbum(artist, title, loadConfig(['amazon', 'model']))
  if (json) return printJson({ album, requests, withoutModel, ...enrichment })
  const rows = requests.map(({ operation, query, status, result, products, durationMs }) => [
    operation,
    String(status ?? '-'),
    result,
    String(products),
    `${Math.round(durationMs)} ms`,
    query,
  ])
  print(formatTable(['Amazon request', 'status', 'result', 'products', 'took', 'query'], rows))
  print(`\n${escapeText(formatAlbumCard(album, enrichment))}`)
  if (withoutModel !== null) print(`the model was not asked: ${withoutModel}; what the rules left open stays open`)
}
