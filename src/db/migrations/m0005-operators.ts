import { Migration } from '@mikro-orm/migrations'

export class M0005Operators extends Migration {
  override up(): void {
    // Rows from before know no source; no delivery has an offset below zero, and they are decided.
    this.addSql('alter table "enrichment" add column "source_topic" text not null default \'\'')
    this.addSql('alter table "enrichment" add column "source_offset" bigint not null default -1')
    this.addSql('alter table "enrichment" alter column "source_topic" drop default')
    this.addSql('alter table "enrichment" alter column "source_offset" drop default')
    this.addSql(`
      create table "dead_letter_mark" (
        "topic" text not null, "partition" int not null, "offset" bigint not null,
        "action" text not null constraint "dead_letter_mark_action_check" check ("action" in ('retried', 'deleted')),
        "request_id" uuid null, "is_sent" boolean not null, "marked_by" text not null, "marked_at" timestamptz not null,
        primary key ("topic", "partition", "offset"))`)
  }

  override down(): void {
    this.addSql('drop table "dead_letter_mark"')
    this.addSql('alter table "enrichment" drop column "source_topic", drop column "source_offset"')
  }
}
