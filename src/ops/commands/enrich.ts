import { loadConfig } from '../../config.ts'
import { openCodecs } from '../../kafka/event-topics.ts'
import { requestEnrichment } from '../request-enrichment.ts'
import { print, printJson } from './output.ts'
import { withTables } from './with-servers.ts'

/** `enrich ALBUM_ID...`: enriches albums again, ahead of any backlog. */
export async function enrichCommand(albumIds: string[], { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const requests = await withTables(config, async (servers) => {
    const codecs = await openCodecs(config, servers.registry)
    return requestEnrichment(config, servers, codecs, [...new Set(albumIds)])
  })
  if (json) return printJson({ requests })
  for (const { albumId, requestId } of requests) print(`album ${albumId} is requested as ${requestId}`)
}
