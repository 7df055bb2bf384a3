import { Migration } from '@mikro-orm/migrations'

export class M0004Quota extends Migration {
  override up(): void {
    this.addSql(
      'create table "quota" ("account" text not null, "next_at" timestamptz(6) not null, primary key ("account"))',
    )
  }

  override down(): void {
    this.addSql('drop table "quota"')
  }
}
