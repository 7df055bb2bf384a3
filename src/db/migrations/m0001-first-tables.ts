import { Migration } from '@mikro-orm/migrations'

export class M0001FirstTables extends Migration {
  override up(): void {
    this.addSql(`
      create table "album" (
        "album_id" text not null, "facts" jsonb not null, "imported_at" timestamptz not null,
        primary key ("album_id"))`)
    this.addSql(`
      create table "enrichment" (
        "request_id" uuid not null, "album_id" text not null, "marketplace" text not null, "reason" text not null,
        "requested_at" timestamptz not null, "started_at" timestamptz not null, "attempt" int not null,
        "answers" jsonb not null, "failures" jsonb not null,
        "decision" text null constraint "enrichment_decision_check" check ("decision" in ('result', 'dead_letter')),
        "decision_bytes" bytea null, "decided_at" timestamptz null, "outcome" text null,
        primary key ("request_id"))`)
    this.addSql('create index "enrichment_album_id_index" on "enrichment" ("album_id")')
    this.addSql(`
      create table "candidate" (
        "album_id" text not null, "marketplace" text not null, "asin" text not null, "product" jsonb not null,
        "verdict" text not null constraint "candidate_verdict_check" check ("verdict" in ('accept', 'reject', 'open')),
        "decided_by" text not null constraint "candidate_decided_by_check"
          check ("decided_by" in ('identifier', 'rules', 'model', 'person')),
        "score" double precision null, "parts" jsonb not null, "reason" text not null, "model_name" text null,
        "prompt_version" text null, "request_id" uuid not null, "judged_at" timestamptz not null,
        primary key ("album_id", "marketplace", "asin"))`)
    this.addSql(`
      create table "external_link" (
        "album_id" text not null, "marketplace" text not null, "asin" text not null, "url" text not null,
        "title" text not null,
        "decided_by" text not null constraint "external_link_decided_by_check"
          check ("decided_by" in ('identifier', 'rules', 'model', 'person')),
        "score" double precision null, "reason" text not null, "price_minor" bigint null, "currency" text null,
        "condition" text null, "availability" text null, "priced_at" timestamptz null, "sales_rank" bigint null,
        "request_id" uuid not null, "updated_at" timestamptz not null, "withdrawn_at" timestamptz null,
        primary key ("album_id", "marketplace", "asin"))`)
  }

  override down(): void {
    this.addSql('drop table "external_link", "candidate", "enrichment", "album"')
  }
}
