import { Migration } from '@mikro-orm/migrations'

export class M0010CrashMarks extends Migration {
  override up(): void {
    this.addSql(`
      create table "crash_mark" (
        "group_name" text not null, "topic" text not null, "partition" int not null,
        "process_id" text null, "offset" bigint not null, "ends" int not null,
        "touched" bigint null, "deaths" int not null,
        primary key ("group_name", "topic", "partition"))`)
  }

  override down(): void {
    this.addSql('drop table "crash_mark"')
  }
}
