import { loadConfig } from '../../config.ts'
import { Database } from '../../db/database.ts'
import { databaseAccess } from '../../db/database-access.ts'
import { type Forgotten, forgetAlbums, MOST_AT_ONCE } from '../../db/forget.ts'
import { isAlbumId } from '../../enrich/check-album.ts'
import { EnrichmentError } from '../../errors.ts'
import { cutText } from '../../storable-text.ts'
import { print, printJson, tellingOf } from './output.ts'

/** `forget ALBUM_ID...`: erases all that is stored of albums; what Kafka holds of them is passed over from now on. */
export async function forgetCommand(albumIds: string[], { json }: { json?: true }): Promise<void> {
  const wrong = albumIds.find((id) => !isAlbumId(id))
  if (wrong !== undefined) {
    const message = `"${cutText(wrong, 80)}" can be no album's id: nothing is forgotten; give ids as the importer gives them`
    throw new EnrichmentError('RECORD_INVALID', message)
  }
  const config = loadConfig(['database'])
  const tombstonesIn = config.FORGET_TOMBSTONES === 'yes' ? loadConfig(['kafka']).TOPIC_ENRICHED : undefined
  const db = new Database(config.DATABASE_URL, databaseAccess(config, 'forget'))
  try {
    await db.checkMigrated()
    const albums = [...new Set(albumIds)].map((albumId) => ({ albumId }))
    const forgotten: Forgotten[] = []
    const tell = () => {
      if (json) printJson({ forgotten })
      else for (const one of forgotten) print(describe(one))
    }
    await tellingOf(forgotten, tell, async () => {
      for (let from = 0; from < albums.length; from += MOST_AT_ONCE)
        forgotten.push(...(await forgetAlbums(db, albums.slice(from, from + MOST_AT_ONCE), { tombstonesIn })))
    })
  } finally {
    await db.close()
  }
}

function describe({ albumId, isKnown, requests, candidates, links, verdicts, images }: Forgotten): string {
  const counts = `${requests} requests, ${candidates} candidates, ${links} links, ${verdicts} verdicts, ${images} images`
  return isKnown
    ? `album ${albumId} is forgotten: ${counts}`
    : `nothing was stored of album ${albumId}; what waits for it will be skipped`
}
