import { Migration } from '@mikro-orm/migrations'

export class M0012Forgotten extends Migration {
  override up(): void {
    this.addSql(`
      create table "forgotten" (
        "album_id" text not null, "forgotten_at" timestamptz not null, primary key ("album_id"))`)
    this.addSql(`
      create table "discarded_image" (
        "marketplace" text not null, "key" text not null, primary key ("marketplace", "key"))`)
  }

  override down(): void {
    this.addSql('drop table "discarded_image", "forgotten"')
  }
}
