import { Migration } from '@mikro-orm/migrations'
import { indexOnline } from './online.ts'

/**
 * Since when a candidate waits for a person, which a new verdict about it that leaves it open does not change. Rows from
 * before, and of builds that do not know it, have none: there it is when they were judged.
 */
export class M0026OpenSince extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    this.addSql('alter table "candidate" add column if not exists "open_since" timestamptz null')
    // Also which products they are: a person may have decided about them already.
    const on = `"candidate" ("album_id", "marketplace", "asin") include ("open_since", "judged_at") where "verdict" = 'open'`
    for (const sql of indexOnline('candidate_waiting_index', on)) this.addSql(sql)
    // Its place is taken; of builds before 0.2.0 none uses it.
    this.addSql('drop index concurrently if exists "candidate_review_index"')
  }

  override down(): void {
    this.addSql('drop index "candidate_waiting_index"')
    this.addSql('alter table "candidate" drop column "open_since"')
    this.addSql(`
      create index if not exists "candidate_review_index" on "candidate" ("album_id", "marketplace", "judged_at")
      where "verdict" = 'open'`)
  }
}
