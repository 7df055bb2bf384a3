import { Migration } from '@mikro-orm/migrations'

export class M0002LaneAndArtwork extends Migration {
  override up(): void {
    this.addSql(`
      create table "lane" (
        "name" text not null,
        "state" text not null constraint "lane_state_check" check ("state" in ('running', 'paused')),
        "changed_at" timestamptz not null, "changed_by" text not null,
        primary key ("name"))`)
    this.addSql(`
      create table "artwork" (
        "album_id" text not null, "marketplace" text not null,
        "status" text not null constraint "artwork_status_check"
          check ("status" in ('stored', 'linked', 'kept', 'none', 'pending', 'failed', 'off')),
        "asin" text null, "url" text null, "key" text null, "width" int null, "height" int null, "bytes" int null,
        "error_code" text null, "error_message" text null, "request_id" uuid not null,
        "updated_at" timestamptz not null,
        primary key ("album_id", "marketplace"))`)
  }

  override down(): void {
    this.addSql('drop table "artwork", "lane"')
  }
}
