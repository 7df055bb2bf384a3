import { Migration } from '@mikro-orm/migrations'
import { indexOnline, updateLedgerInBatches } from './online.ts'

export class M0006Delivery extends Migration {
  /** It changes every row of the ledger, which can be large, and in one transaction would keep everybody else from it. */
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    this.addSql(`
      alter table "lane"
        add column if not exists "fence" bigint not null default 0, add column if not exists "cluster_id" text null,
        add column if not exists "flush" bigint not null default 0,
        add column if not exists "offsets" jsonb not null default '{}',
        add column if not exists "holds" jsonb not null default '[]',
        add column if not exists "accepted" jsonb not null default '[]'`)
    this.addSql(`
      alter table "enrichment"
        add column if not exists "run" int not null default 1,
        add column if not exists "reached" jsonb not null default '{}',
        add column if not exists "again" boolean not null default false,
        add column if not exists "facts_id" text not null default '',
        add column if not exists "begun_by" jsonb not null default '[]',
        add column if not exists "waited_ms" bigint not null default 0,
        add column if not exists "decision_headers" jsonb null`)
    this.addSql(`
      alter table "enrichment" drop constraint if exists "enrichment_decision_check",
        add constraint "enrichment_decision_check" check ("decision" in ('result', 'retry', 'dead_letter')) not valid`)
    this.addSql('alter table "enrichment" validate constraint "enrichment_decision_check"')
    this.addSql('alter table "album" add column if not exists "source_offset" bigint not null default -1')
    this.addSql(
      updateLedgerInBatches(
        `"attempt" = 0, "reached" = jsonb_build_object("source_topic", "source_offset"::text)`,
        `"reached" = '{}'`,
      ),
    )
    for (const sql of indexOnline('enrichment_decided_at_index', '"enrichment" ("decided_at")')) this.addSql(sql)
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
