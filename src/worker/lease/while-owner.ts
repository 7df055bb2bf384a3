import type { Dependencies } from '../dependencies.ts'
import type { LaneLease } from './lane-lease.ts'

/** Dependencies for albums: what they ask of the database waits until the lane is ours for sure, and so do their clocks. */
export function whileOwner(lease: Pick<LaneLease, 'whileOwner'>, dependencies: Dependencies): Dependencies {
  return {
    ...dependencies,
    async database(work, signal, caller) {
      caller?.clock.pause()
      try {
        return await lease.whileOwner((owned) => dependencies.database(work, owned, caller), signal)
      } finally {
        caller?.clock.resume()
      }
    },
  }
}
