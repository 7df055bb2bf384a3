import { Migration } from '@mikro-orm/migrations'

export class M0025FormerImages extends Migration {
  override up(): void {
    this.addSql(`
      create table "former_image" (
        "album_id" text not null, "marketplace" text not null, "key" text not null,
        primary key ("album_id", "marketplace", "key"))`)
    // Whether another album has had a discarded image.
    this.addSql('create index "former_image_key_index" on "former_image" ("key")')
  }

  override down(): void {
    this.addSql('drop table "former_image"')
  }
}
