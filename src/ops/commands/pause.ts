import { loadConfig } from '../../config.ts'
import { clearAccepted, readLane, setLaneState } from '../../db/lane.ts'
import { groupNames } from '../../kafka/event-topics.ts'
import { print, printJson } from './output.ts'
import { userName } from './user-name.ts'
import { withTables } from './with-servers.ts'

/** `pause`: the worker finishes the albums in the air and takes no others, also after restarts, until `resume`. */
export const pauseCommand = (options: { json?: true }): Promise<void> => changeLane('paused', options)

/**
 * `resume`: the worker goes on where it paused; what the lane is held for is tried at once. With `accept` a hold for which
 * nobody but a person can answer is let go as its remedy says.
 */
export const resumeCommand = (options: { json?: true; accept?: true }): Promise<void> => changeLane('running', options)

async function changeLane(
  state: 'running' | 'paused',
  { json, accept = false }: { json?: true; accept?: boolean },
): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const { worker: lane, intake } = groupNames(config)
  const before = await withTables(config, async ({ db }) => {
    const [earlier, ofIntake] = [await readLane(db, lane), await readLane(db, intake)]
    // Intake cannot be paused, but it may be held.
    const names = state === 'running' ? [lane, intake] : [lane]
    // Before it is told of: a resume of today must not be taken for one that accepted something once.
    if (state === 'running' && !accept) await clearAccepted(db, intake)
    await setLaneState(db, names, { state, accept, changedBy: userName() })
    return { ...earlier, holds: [...earlier.holds, ...ofIntake.holds] }
  })
  if (json) return printJson({ lane, state, before: before.state, holds: before.holds })
  const isTried = state === 'running' && before.holds.length > 0
  const who = state === 'paused' ? `, by ${before.changedBy} since ${before.changedAt?.toISOString()}` : ''
  const unchanged = isTried ? 'nothing was paused; what is held is tried now' : `the lane was ${state} already${who}`
  print(before.state === state ? unchanged : `the lane is ${state}`)
  if (state === 'paused') return
  for (const { cause, message, remedy } of before.holds) print(`it was held for ${cause}: ${message}; ${remedy}`)
}
