import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseRole } from '../stack/database-role.ts'
import { createGuardedFolder, removeFolder } from '../stack/guard.ts'
import { mayMount } from '../stack/may-mount.ts'
import { ordinaryUser } from '../stack/ordinary-user.ts'

/** Beside what the tables take: enough for whatever comes before it is filled, and after it was emptied. */
const ROOM_MB = 64
const PIECES = [1_048_576, 4_096]
const TABLESPACE = 'small_disk'

/** A disk of its own for the service's tables, which can be filled to its last byte. */
export interface SmallDisk {
  fill(): void
  empty(): void
  /** The tables go back to where they were. */
  remove(): Promise<void>
}

/** @throws Error with one line for a person where this machine does not let us mount a file system */
export function checkMayMount(name: string): void {
  if (mayMount()) return
  throw new Error(`${name}: mounts a small file system to fill it, which only root on Linux may, so leave it out`)
}

/**
 * Moves tables and indexes of the role's database, one after the other, to a file system in memory. What PostgreSQL writes
 * besides stays where it is: of a full disk for its log it ends itself, and then it is away, which is another fault.
 */
export async function moveToSmallDisk(role: DatabaseRole): Promise<SmallDisk> {
  const folder = createGuardedFolder('album-enricher-small-disk')
  const { uid = 0, gid = 0 } = ordinaryUser() ?? {}
  const options = `size=${ROOM_MB}m,mode=700,uid=${uid},gid=${gid}`
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'small-disk', folder])
  await role.administer(`create tablespace ${TABLESPACE} location '${folder}'`, moveAllTo(TABLESPACE))
  const ballast = join(folder, 'ballast')
  return {
    fill: () => fill(ballast),
    empty: () => rmSync(ballast),
    async remove() {
      await role.administer(moveAllTo('pg_default'), `drop tablespace ${TABLESPACE}`)
      execFileSync('umount', [folder])
      removeFolder(folder)
    },
  }
}

/** Each in a transaction of its own: locks on several would dead-lock with the service's. */
const moveAllTo = (tablespace: string) => `do $$ declare it record; begin
  for it in select oid::regclass as name, relkind from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')
  loop
    execute format('alter %s %s set tablespace ${tablespace}', case it.relkind when 'r' then 'table' else 'index' end, it.name);
    commit;
  end loop;
end $$`

function fill(path: string): void {
  const file = openSync(path, 'wx')
  try {
    for (const bytes of PIECES) while (isWritten(file, Buffer.alloc(bytes)));
  } finally {
    closeSync(file)
  }
}

/** @returns false when the disk is full */
function isWritten(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
