import { Migration } from '@mikro-orm/migrations'

/** Of those whose rows are changed again and again: by default a fifth of a large table is dead before it is cleaned up. */
const TABLES = ['candidate', 'external_link', 'enrichment']
const SETTINGS = ['autovacuum_vacuum_scale_factor', 'autovacuum_analyze_scale_factor']

export class M0027VacuumSooner extends Migration {
  /** Its lock keeps nobody from reading or writing; it waits for a vacuum that is at work, so each is a statement of its own. */
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    const settings = SETTINGS.map((name) => `${name} = 0.02`).join(', ')
    for (const table of TABLES) this.addSql(`alter table "${table}" set (${settings})`)
  }

  override down(): void {
    for (const table of TABLES) this.addSql(`alter table "${table}" reset (${SETTINGS.join(', ')})`)
  }
}
