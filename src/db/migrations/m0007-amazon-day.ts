import { Migration } from '@mikro-orm/migrations'

export class M0007AmazonDay extends Migration {
  override up(): void {
    this.addSql(`
      alter table "quota"
        add column "per_second" double precision null, add column "per_day" int null,
        add column "day_used" int not null default 0, add column "day_ends_at" timestamptz(6) null,
        add column "speed" double precision not null default 1, add column "speed_changed_at" timestamptz(6) null`)
  }

  override down(): void {
    this.addSql(`
      alter table "quota"
        drop column "per_second", drop column "per_day", drop column "day_used", drop column "day_ends_at",
        drop column "speed", drop column "speed_changed_at"`)
  }
}
