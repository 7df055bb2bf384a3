import type { AmazonApi, Turn } from '../../amazon/amazon-api.ts'
import type { Model, ModelCall } from '../../model/model.ts'
import type { Caller, Dependencies } from '../dependencies.ts'

/** The lane's lease as those see it who spend money: nothing is asked that another owner may be asking as well. */
export interface Confirmation {
  readonly isConfirmed: boolean
  /** Resolves once it is. @throws the signal's reason */
  confirmed(signal: AbortSignal): Promise<void>
}

interface PaidCaller extends Caller {
  lease: Confirmation
  dependencies: Dependencies
}

class Unconfirmed extends Error {}

/**
 * Amazon for one album: nothing is asked while another process may have the lane, which would pay for the same answer.
 *
 * @param onTurn told when the pace lets a request go
 */
export function amazonFor(
  amazon: AmazonApi,
  { lease, dependencies, requestId, clock }: PaidCaller,
  onTurn: () => void,
): AmazonApi {
  const ask = async <T>(signal: AbortSignal, call: (turn: Turn) => Promise<T>): Promise<T> => {
    let isWaiting = false
    const setWaiting = (waits: boolean) => {
      if (waits === isWaiting) return
      isWaiting = waits
      if (waits) clock.pause()
      else clock.resume()
    }
    const turn: Turn = {
      waits: () => setWaiting(true),
      comes() {
        // A process that was stopped while it waited for its turn wakes up right here.
        if (!lease.isConfirmed) throw new Unconfirmed()
        clock.start()
        setWaiting(false)
        onTurn()
      },
    }
    const work = async (): Promise<T> => {
      for (;;) {
        try {
          return await call(turn)
        } catch (error) {
          if (!(error instanceof Unconfirmed)) throw error
          await lease.confirmed(signal)
        } finally {
          setWaiting(false)
        }
      }
    }
    return dependencies.amazon(work, signal, { requestId, clock })
  }
  return {
    getItems: (asins, signal) => ask(signal, (turn) => amazon.getItems(asins, signal, turn)),
    searchItems: (query, signal) => ask(signal, (turn) => amazon.searchItems(query, signal, turn)),
  }
}

/**
 * The model for one album, asked under the same condition.
 *
 * @param onAsked told when it is asked
 * @param onCall told of each call
 * @param prepare done before each call, while the album's clock stands
 */
export function modelFor(
  model: Model,
  { lease, dependencies, requestId, clock }: PaidCaller,
  onAsked: () => void,
  onCall?: (call: ModelCall) => void,
  prepare: (signal: AbortSignal) => Promise<void> = async () => undefined,
): Model {
  return {
    identity: model.identity,
    judge: async (album, products, signal) => {
      onAsked()
      return dependencies.model(
        async () => {
          clock.pause()
          try {
            await prepare(signal)
            await lease.confirmed(signal)
          } finally {
            clock.resume()
          }
          clock.start()
          return model.judge(album, products, signal, onCall)
        },
        signal,
        { requestId, clock },
      )
    },
  }
}
