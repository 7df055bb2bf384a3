import { Migration } from '@mikro-orm/migrations'

export class M0020ModelCalls extends Migration {
  override up(): void {
    this.addSql(`
      create table "model_call" (
        "id" uuid not null primary key, "at" timestamptz not null, "album_id" text not null, "marketplace" text not null,
        "request_id" uuid not null, "model" text not null, "prompt_version" text not null, "candidates" int not null,
        "result" text not null, "input_tokens" int not null, "output_tokens" int not null, "cost" double precision null,
        "latency_ms" int not null, "answer" text not null)`)
    this.addSql('create index "model_call_album_id_at_index" on "model_call" ("album_id", "at")')
    this.addSql('create index "model_call_at_index" on "model_call" ("at")')
    this.addSql(`
      create table "model_day" (
        "lane" text not null, "day" text not null, "calls" int not null, "tokens" bigint not null,
        primary key ("lane", "day"))`)
  }

  override down(): void {
    this.addSql('drop table "model_day"')
    this.addSql('drop table "model_call"')
  }
}
