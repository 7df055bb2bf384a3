import { createAmazon } from '../../amazon/create-amazon.ts'
import type { Config } from '../../config.ts'
import type { Database } from '../../db/database.ts'
import { Quota } from '../../db/quota.ts'
import { createArtwork } from '../../enrich/artwork/create-artwork.ts'
import { getArtwork } from '../../enrich/get-artwork.ts'
import { findEarlier } from '../../enrich/stored-candidates.ts'
import { EnrichmentError, type ErrorCode } from '../../errors.ts'
import type { EnrichmentRequested } from '../../events.ts'
import type { Logger } from '../../log.ts'
import { findMarketplace } from '../../marketplaces.ts'
import { createModel } from '../../model/create-model.ts'
import { judgeCarefully } from '../../model/judge-carefully.ts'
import type { Dependencies } from '../dependencies.ts'
import type { AlbumClock } from '../window/album-clock.ts'
import { amazonFor, type Confirmation, modelFor } from './paid-calls.ts'
import type { GivenCollaborators } from './request-context.ts'

/** After so long of nothing but 429 it is no throttling any more: a person should look at the account. */
const AMAZON_PATIENCE_MS = 180_000
const NEVER = new AbortController().signal

interface Surroundings {
  db: Database
  lease: Confirmation
  /** For what no album waits for. */
  dependencies: Dependencies
  /** For what albums ask. */
  ofAlbums: Dependencies
  log: Logger
}

/**
 * Amazon, the model and the artwork that the settings name, for one delivered request after the other.
 *
 * @returns what a request is enriched with; `onBegun` is told when the next request's turn has come
 * @throws EnrichmentError CONFIG_INVALID for an unknown marketplace
 */
export function createCollaborators(
  config: Config,
  { db, lease, dependencies, ofAlbums, log }: Surroundings,
): (
  request: EnrichmentRequested,
  clock: AlbumClock,
  order: { onBegun: () => void; signal: AbortSignal },
) => GivenCollaborators {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const { AMAZON_CREDENTIAL_ID: account, AMAZON_REQUESTS_PER_SECOND: perSecond } = config
  const quota = new Quota(db, account, { perSecond, perDay: config.AMAZON_REQUESTS_PER_DAY })
  const amazon = createAmazon(config, {
    slots: {
      book: (count, unused) => dependencies.database(() => quota.book(count, unused), NEVER),
      slowDown: (forMs, isNew) => dependencies.database(() => quota.slowDown(forMs, isNew), NEVER),
    },
    patienceMs: AMAZON_PATIENCE_MS,
    isSteady: true,
  })
  const model = createModel(config, log)
  const outage = config.MODEL_OUTAGE
  // Where outages go to review nothing is held for them.
  const ofModel = outage === 'review' ? { ...ofAlbums, model: <T>(work: () => Promise<T>) => work() } : ofAlbums
  const artworkStage = createArtwork(config, log)

  return (request, clock, { onBegun, signal }) => {
    const { requestId } = request
    const caller = { requestId, clock }
    const surroundings = { lease, dependencies: ofAlbums, ...caller }
    return {
      marketplace,
      hasMusicIndex,
      amazon: amazonFor(amazon, surroundings, onBegun),
      model:
        model &&
        judgeCarefully(modelFor(model, { ...surroundings, dependencies: ofModel }, onBegun), {
          outage,
          onUnheard: (unheard) => log.warn(unheard, 'model not heard'),
        }),
      modelUse: config.MODEL_USE,
      findEarlier: (albumId) => ofAlbums.database(() => findEarlier(db, albumId, marketplace), signal, caller),
      async getArtwork(album, accepted, earlier, inTime) {
        onBegun()
        clock.start()
        const artwork = await getArtwork(artworkStage, album, accepted, earlier, inTime)
        if (request.reason !== 'artwork' || artwork.status !== 'pending') return artwork
        const code = (artwork.errorCode ?? 'ARTWORK_UNAVAILABLE') as ErrorCode
        throw new EnrichmentError(code, `the artwork of album ${album.albumId} cannot be had now`)
      },
    }
  }
}
