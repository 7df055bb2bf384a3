import { Migration } from '@mikro-orm/migrations'

export class M0009Review extends Migration {
  override up(): void {
    this.addSql(`
      create table "person_verdict" (
        "album_id" text not null, "marketplace" text not null, "asin" text not null,
        "verdict" text not null constraint "person_verdict_verdict_check" check ("verdict" in ('accept', 'reject')),
        "decided_by" text not null, "decided_at" timestamptz not null,
        primary key ("album_id", "marketplace", "asin"))`)
    this.addSql(`
      create table "outbox" (
        "request_id" uuid not null primary key, "topic" text not null, "album_id" text not null, "value" bytea not null,
        "created_at" timestamptz not null)`)
  }

  override down(): void {
    this.addSql('drop table "outbox"')
    this.addSql('drop table "person_verdict"')
  }
}
