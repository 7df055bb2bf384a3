import { spawnSync } from 'node:child_process'

/** Whether we may mount file systems: as root on Linux, and in a container only where it was given that right. */
export const mayMount = (): boolean => spawnSync('unshare', ['--mount', 'true']).status === 0
