import { createAmazon } from '../../amazon/create-amazon.ts'
import type { Config } from '../../config.ts'
import type { Database } from '../../db/database.ts'
import { claimImage } from '../../db/discarded-images.ts'
import { readTokensOfDay } from '../../db/model-calls.ts'
import { Quota } from '../../db/quota.ts'
import { createArtwork } from '../../enrich/artwork/create-artwork.ts'
import { getArtwork } from '../../enrich/get-artwork.ts'
import { findEarlier } from '../../enrich/stored-candidates.ts'
import type { EnrichmentRequested } from '../../events.ts'
import type { Logger } from '../../log.ts'
import { findMarketplace } from '../../marketplaces.ts'
import { createModel } from '../../model/create-model.ts'
import { judgeCarefully } from '../../model/judge-carefully.ts'
import { keepAnswers } from '../../model/keep-answers.ts'
import { TokenBudget } from '../../model/token-budget.ts'
import type { Dependencies } from '../dependencies.ts'
import type { AlbumClock } from '../window/album-clock.ts'
import { askedOnce } from './asked-once.ts'
import { amazonFor, type Confirmation, modelFor } from './paid-calls.ts'
import type { GivenCollaborators, RequestContext } from './request-context.ts'

/** After so long of nothing but 429 it is no throttling any more: a person should look at the account. */
const AMAZON_PATIENCE_MS = 180_000
const NEVER = new AbortController().signal

interface CollaboratorOptions {
  db: Database
  groupId: string
  lease: Confirmation
  /** For what no album waits for. */
  dependencies: Dependencies
  /** For what albums ask. */
  ofAlbums: Dependencies
  /** Told until when Amazon asks to wait, in milliseconds since 1970, and of null when that is over. */
  onThrottled(until: number | null): void
  log: Logger
}

/**
 * Amazon, the model and the artwork that the settings name, for one delivered request after the other.
 *
 * @returns Amazon, and what a request is enriched with; `onBegun` is told when the next request's turn has come
 * @throws EnrichmentError CONFIG_INVALID for an unknown marketplace
 */
export function createCollaborators(
  config: Config,
  { db, groupId, lease, dependencies, ofAlbums, onThrottled, log }: CollaboratorOptions,
) {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const { AMAZON_CREDENTIAL_ID: account, AMAZON_REQUESTS_PER_SECOND: perSecond } = config
  const quota = new Quota(db, account, { perSecond, perDay: config.AMAZON_REQUESTS_PER_DAY })
  const amazon = createAmazon(config, {
    slots: {
      book: (count, unused) => dependencies.database(() => quota.book(count, unused), NEVER),
      slowDown: (forMs, isNew) => dependencies.database(() => quota.slowDown(forMs, isNew), NEVER),
      hurry: () => dependencies.database(() => quota.hurry(), NEVER),
    },
    patienceMs: AMAZON_PATIENCE_MS,
    isSteady: true,
    onThrottled,
  })
  const budget = new TokenBudget(config.MODEL_TOKENS_PER_DAY, config.MODEL_TOKENS_SPENT)
  const model = createModel(config, log, budget)
  /** A process before this one may have spent the day's tokens. */
  const learnTokens = async (signal: AbortSignal) => {
    if (!budget.isBounded) return
    const read = async () => {
      const at = Date.now()
      return { at, tokens: await readTokensOfDay(db, groupId, at) }
    }
    const { at, tokens } = await ofAlbums.database(read, signal)
    budget.learn(tokens, at)
  }
  const outage = config.MODEL_OUTAGE
  const modelDependencies = outage === 'review' ? { ...ofAlbums, model: askedOnce(ofAlbums.model) } : ofAlbums
  const artworkStageFor = createArtwork(config, log)

  const collaboratorsFor = (
    request: EnrichmentRequested,
    clock: AlbumClock,
    { step, onCall }: Parameters<RequestContext['collaboratorsFor']>[2],
    { onBegun, signal }: { onBegun: () => void; signal: AbortSignal },
  ): GivenCollaborators => {
    const { requestId } = request
    const caller = { requestId, clock }
    const paid = { lease, dependencies: ofAlbums, ...caller }
    const ofModel = { ...paid, dependencies: modelDependencies }
    return {
      marketplace,
      hasMusicIndex,
      amazon: amazonFor(amazon, paid, onBegun),
      model:
        model &&
        judgeCarefully(keepAnswers(modelFor(model, ofModel, onBegun, onCall, learnTokens), step), {
          outage,
          onUnheard: (unheard) => log.warn(unheard, 'model not heard'),
        }),
      modelUse: config.MODEL_USE,
      findEarlier: (albumId) => ofAlbums.database(() => findEarlier(db, albumId, marketplace), signal, caller),
      getArtwork(album, accepted, earlier, inTime) {
        onBegun()
        clock.start()
        const claim = (key: string) => ofAlbums.database(() => claimImage(db, key), inTime, caller)
        return getArtwork(artworkStageFor(claim), album, accepted, earlier, inTime)
      },
    }
  }
  return { amazon, collaboratorsFor }
}
