import { Migration } from '@mikro-orm/migrations'

export class M0024HeededTombstones extends Migration {
  override up(): void {
    this.addSql(`
      alter table "forgotten" add column "tombstone_topic" text null, add column "tombstone_partition" int null,
        add column "tombstone_offset" bigint null, add column "tombstone_at" timestamptz null,
        add column "repeated_at" timestamptz null`)
  }

  override down(): void {
    this.addSql(`
      alter table "forgotten" drop column "tombstone_topic", drop column "tombstone_partition",
        drop column "tombstone_offset", drop column "tombstone_at", drop column "repeated_at"`)
  }
}
