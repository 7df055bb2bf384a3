import { ALL_STAGES } from '../album.ts'
import type { AmazonRequestSeen } from '../amazon/amazon-api.ts'
import { createAmazon } from '../amazon/create-amazon.ts'
import type { Slots } from '../amazon-slots.ts'
import type { Config } from '../config.ts'
import { checkAlbum } from '../enrich/check-album.ts'
import { type ArtworkRecord, NOTHING_EARLIER } from '../enrich/earlier.ts'
import { type Enrichment, enrichAlbum } from '../enrich/enrich-album.ts'
import type { Album } from '../events.ts'
import { findMarketplace } from '../marketplaces.ts'
import { createModel } from '../model/create-model.ts'
import { judgeCarefully } from '../model/judge-carefully.ts'

/** Nobody waits longer for one album to hear that Amazon only throttles. */
const PATIENCE_MS = 20_000

export interface Trial {
  album: Album
  enrichment: Enrichment
  requests: AmazonRequestSeen[]
  /** Why the model was not there to be asked; null when it was. */
  withoutModel: string | null
}

const NO_ARTWORK: ArtworkRecord = {
  status: 'off',
  asin: null,
  url: null,
  key: null,
  width: null,
  height: null,
  bytes: null,
  errorCode: null,
  errorMessage: null,
}

/**
 * Enriches one album the way the service does, with collaborators that store nothing: no Kafka, no database.
 *
 * @param slots keeps the pace together with a service that uses the same account
 * @throws EnrichmentError RECORD_INVALID for what no album can be called; with Amazon's or the model's refusal
 */
export async function tryAlbum(
  artist: string,
  title: string,
  config: Config<'amazon' | 'model' | 'http'>,
  slots?: Slots,
): Promise<Trial> {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const requests: AmazonRequestSeen[] = []
  const withoutModel =
    config.MODEL_USE === 'never' ? 'MODEL_USE is never' : config.OPENAI_API_KEY ? null : 'OPENAI_API_KEY is not set'
  const album = checkAlbum({
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
  })
  const enrichment = await enrichAlbum(
    album,
    ALL_STAGES,
    {
      marketplace,
      hasMusicIndex,
      amazon: createAmazon(config, {
        ...(slots && { slots }),
        patienceMs: PATIENCE_MS,
        isSteady: false,
        onRequest: (seen) => requests.push(seen),
      }),
      model: withoutModel === null ? createCarefulModel(config) : null,
      modelUse: config.MODEL_USE,
      stage: (_name, run) => run(),
      step: (_name, ask) => ask(),
      requestId: 'try',
      earlier: NOTHING_EARLIER,
      findEarlier: async () => ({ candidates: [], links: [], model: null }),
      getArtwork: async () => NO_ARTWORK,
    },
    new AbortController().signal,
  )
  return { album, enrichment, requests, withoutModel }
}

function createCarefulModel(config: Config<'model' | 'http'>) {
  const model = createModel(config)
  return model && judgeCarefully(model, { outage: config.MODEL_OUTAGE })
}
