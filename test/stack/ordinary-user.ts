import { execFileSync } from 'node:child_process'

/** Neither PostgreSQL nor PgBouncer runs as root: then they run as `nobody`. */
export function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })))
  return { uid: uid ?? 65534, gid: gid ?? 65534 }
}
