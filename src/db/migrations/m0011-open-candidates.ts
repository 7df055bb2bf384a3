import { Migration } from '@mikro-orm/migrations'
import { indexOnline } from './online.ts'

/** What waits for a person is looked for every minute, and is few among many. */
export class M0011OpenCandidates extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    const on = `"candidate" ("album_id", "marketplace") where "verdict" = 'open'`
    for (const sql of indexOnline('candidate_open_index', on)) this.addSql(sql)
  }

  override down(): void {
    this.addSql('drop index "candidate_open_index"')
  }
}
