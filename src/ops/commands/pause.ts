import { userInfo } from 'node:os'
import { loadConfig } from '../../config.ts'
import { readLane, setLaneState } from '../../db/lane.ts'
import { groupNames } from '../../kafka/event-topics.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

/** `pause`: the worker finishes the album in the air and takes no other, also after restarts, until `resume`. */
export const pauseCommand = (options: { json?: true }): Promise<void> => changeLane('paused', options)

/** `resume`: the worker goes on where it paused. */
export const resumeCommand = (options: { json?: true }): Promise<void> => changeLane('running', options)

async function changeLane(state: 'running' | 'paused', { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const lane = groupNames(config).worker
  const before = await withServers(config, async ({ db }) => {
    const { state: earlier } = await readLane(db, lane)
    await setLaneState(db, lane, state, userInfo().username)
    return earlier
  })
  if (json) printJson({ lane, state, before })
  else print(before === state ? `the lane was ${state} already` : `the lane is ${state}`)
}
