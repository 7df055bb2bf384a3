import type { Config } from '../../config.ts'
import type { Logger } from '../../log.ts'
import { createObjectStore } from '../../storage/object-store.ts'
import { type ArtworkStageFor, createArtworkStage } from './create-artwork-stage.ts'

/** The artwork stage as the settings say. States Amazon's licence once where files are kept. */
export function createArtwork(config: Config<'artwork' | 'http'>, log: Logger): ArtworkStageFor {
  if (config.ARTWORK === 'download') {
    log.warn(
      { setting: 'ARTWORK', licensed: 'link' },
      "artwork files are kept, which Amazon's licence does not allow without an agreement; ARTWORK=link keeps links only",
    )
  }
  return createArtworkStage({
    http: config,
    mode: config.ARTWORK,
    hosts: config.ARTWORK_HOSTS,
    insecureHost: config.ARTWORK_INSECURE_HOST ?? null,
    store: createObjectStore(config.ARTWORK_STORE),
  })
}
