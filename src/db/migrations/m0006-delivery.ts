import { Migration } from '@mikro-orm/migrations'

export class M0006Delivery extends Migration {
  override up(): void {
    this.addSql(`
      alter table "lane"
        add column "fence" bigint not null default 0, add column "cluster_id" text null,
        add column "flush" bigint not null default 0, add column "offsets" jsonb not null default '{}',
        add column "holds" jsonb not null default '[]', add column "accepted" jsonb not null default '[]'`)
    this.addSql(`
      alter table "enrichment"
        add column "run" int not null default 1, add column "reached" jsonb not null default '{}',
        add column "again" boolean not null default false, add column "facts_id" text not null default '',
        add column "begun_by" jsonb not null default '[]', add column "waited_ms" bigint not null default 0,
        add column "decision_headers" jsonb null`)
    this.addSql(`
      update "enrichment" set "attempt" = 0, "reached" = jsonb_build_object("source_topic", "source_offset"::text)`)
    this.addSql('alter table "enrichment" drop constraint "enrichment_decision_check"')
    this.addSql(`
      alter table "enrichment" add constraint "enrichment_decision_check"
        check ("decision" in ('result', 'retry', 'dead_letter'))`)
    this.addSql('alter table "album" add column "source_offset" bigint not null default -1')
    this.addSql('create index "enrichment_decided_at_index" on "enrichment" ("decided_at")')
  }

  override down(): void {
    this.addSql('drop index "enrichment_decided_at_index"')
    this.addSql('alter table "album" drop column "source_offset"')
    this.addSql(`delete from "enrichment" where "decision" = 'retry'`)
    this.addSql('alter table "enrichment" drop constraint "enrichment_decision_check"')
    this.addSql(`
      alter table "enrichment" add constraint "enrichment_decision_check" check ("decision" in ('result', 'dead_letter'))`)
    this.addSql(`
      alter table "enrichment" drop column "run", drop column "reached", drop column "again", drop column "facts_id",
        drop column "begun_by", drop column "waited_ms", drop column "decision_headers"`)
    this.addSql(`
      alter table "lane" drop column "fence", drop column "cluster_id", drop column "flush", drop column "offsets",
        drop column "holds", drop column "accepted"`)
  }
}
