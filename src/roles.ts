/** The parts of the service; each may run in a process of its own. */
export const ROLES = ['intake', 'worker', 'relay'] as const
export type Role = (typeof ROLES)[number]
