import type { AmazonRequestSeen } from '../amazon/amazon-api.ts'
import { createAmazon } from '../amazon/create-amazon.ts'
import type { Config } from '../config.ts'
import { type Enrichment, enrichAlbum } from '../enrich/enrich-album.ts'
import { rankAccepted, toLink } from '../enrich/to-link.ts'
import type { Album } from '../events.ts'
import { findMarketplace } from '../marketplaces.ts'
import { createModel } from '../model/create-model.ts'
import { judgeCarefully } from '../model/judge-carefully.ts'

export interface Trial {
  album: Album
  enrichment: Enrichment
  requests: AmazonRequestSeen[]
  /** Why the model was not there to be asked; null when it was. */
  withoutModel: string | null
}

/**
 * Enriches one album the way the service does, with collaborators that store nothing: no Kafka, no database.
 *
 * @throws EnrichmentError with Amazon's or the model's refusal
 */
export async function tryAlbum(artist: string, title: string, config: Config<'amazon' | 'model'>): Promise<Trial> {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const requests: AmazonRequestSeen[] = []
  const withoutModel =
    config.MODEL_USE === 'never' ? 'MODEL_USE is never' : config.OPENAI_API_KEY ? null : 'OPENAI_API_KEY is not set'
  const album: Album = {
    albumId: 'try',
    title,
    artists: [{ name: artist, musicbrainzArtistId: null }],
    releaseYear: null,
    barcodes: [],
    asins: {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: Date.now(),
    source: 'try',
  }
  const enrichment = await enrichAlbum(
    album,
    ['search', 'match', 'links', 'artwork'],
    {
      marketplace,
      hasMusicIndex,
      amazon: createAmazon(config, { onRequest: (seen) => requests.push(seen) }),
      model: withoutModel === null ? createCarefulModel(config) : null,
      modelUse: config.MODEL_USE,
      step: (_name, run) => run(),
      findLinkedAsins: async () => [],
      findEarlier: async () => ({ candidates: [], links: [], model: null }),
      saveLinks: async (_album, match) => ({ links: rankAccepted(match.candidates).map(toLink), withdrawnAsins: [] }),
      saveArtwork: async () => ({ status: 'off', asin: null, url: null, key: null, errorCode: null }),
    },
    new AbortController().signal,
  )
  return { album, enrichment, requests, withoutModel }
}

function createCarefulModel(config: Config<'model'>) {
  const model = createModel(config)
  return model && judgeCarefully(model, { outage: config.MODEL_OUTAGE })
}
