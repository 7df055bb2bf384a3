import { userInfo } from 'node:os'

/** Who runs this command. A container may run as a number that has no name, as OpenShift's do. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
