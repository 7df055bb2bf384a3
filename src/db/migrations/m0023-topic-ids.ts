import { Migration } from '@mikro-orm/migrations'

export class M0023TopicIds extends Migration {
  override up(): void {
    this.addSql('alter table "crash_mark" add column "topic_id" text null')
  }

  override down(): void {
    this.addSql('alter table "crash_mark" drop column "topic_id"')
  }
}
