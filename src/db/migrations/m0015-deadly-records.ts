import { Migration } from '@mikro-orm/migrations'

/** `deaths` stays, for processes of the build before. */
export class M0015DeadlyRecords extends Migration {
  override up(): void {
    this.addSql(`
      alter table "crash_mark" add column "touched_to" bigint null, add column "deadly" jsonb null,
        alter column "deaths" set default 0`)
  }

  override down(): void {
    this.addSql(
      'alter table "crash_mark" drop column "deadly", drop column "touched_to", alter column "deaths" drop default',
    )
  }
}
