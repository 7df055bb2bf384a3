import type { Album } from '../../album.ts'
import type { HttpConfig } from '../../http/outgoing.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { AllowedHosts } from './check-image-url.ts'
import { type ArtworkChoice, type ArtworkLink, type ArtworkMode, chooseArtwork } from './choose-artwork.ts'
import { createImageAgents, internet, type Network } from './create-image-agents.ts'
import { type DownloadCollaborators, type DownloadOutcome, downloadArtwork } from './download-artwork.ts'
import { fetchImage } from './fetch-image.ts'

/** What became of an album's artwork; `status` is that of the event. */
export type ArtworkOutcome = Exclude<ArtworkChoice, { status: 'download' }> | DownloadOutcome

/**
 * The stage of the enrichment that gets an album its primary image.
 *
 * @throws only the signal's reason, when it is aborted
 */
export type ArtworkStage = (
  album: Pick<Album, 'hasPrimaryImage'>,
  links: readonly ArtworkLink[],
  signal: AbortSignal,
) => Promise<ArtworkOutcome>

export interface ArtworkStageOptions extends AllowedHosts {
  mode: ArtworkMode
  store: ObjectStore
  /** @default the internet */
  network?: Network
  /** How connections are made; absent: directly. */
  http?: HttpConfig
}

/** The stage for one album, whose links are its accepted products, best first. */
export type ArtworkStageFor = (claim: DownloadCollaborators['claim']) => ArtworkStage

/** Makes the stage for one album after the other. */
export function createArtworkStage(options: ArtworkStageOptions): ArtworkStageFor {
  const { mode, hosts, insecureHost, store, network = internet } = options
  const agents = createImageAgents(network, options.http)
  const collaborators = {
    store,
    fetchImage: (url: string, signal: AbortSignal) => fetchImage(url, { hosts, insecureHost, agents }, signal),
  }
  return (claim) => async (album, links, signal) => {
    const choice = chooseArtwork(mode, album.hasPrimaryImage, links)
    return choice.status === 'download'
      ? await downloadArtwork(choice.candidates, { ...collaborators, claim }, signal)
      : choice
  }
}
