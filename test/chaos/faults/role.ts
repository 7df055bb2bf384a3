/** Whether this process was started as that part of the service: `album-enricher run ROLE`. */
export function hasRole(role: 'intake' | 'worker'): boolean {
  return process.argv.slice(2).join(' ') === `run ${role}`
}
