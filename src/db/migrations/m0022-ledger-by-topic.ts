import { Migration } from '@mikro-orm/migrations'
import { indexOnline } from './online.ts'

/** Lanes that share a database each ask for their own rows, however many the others have. */
const INDEXES: Record<string, string> = {
  // When a lane's last result was.
  enrichment_result_index: `"enrichment" ("source_topic", "decided_at") where "decision" = 'result'`,
  // Rows that the pruning is to delete, past all that it keeps.
  enrichment_pruned_index: `"enrichment" ("source_topic", "decided_at")
    where "decision" <> 'retry' and not "again" and not ("run" > 1 or "attempt" > 0)`,
}

export class M0022LedgerByTopic extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    for (const [name, on] of Object.entries(INDEXES)) for (const sql of indexOnline(name, on)) this.addSql(sql)
    // Its place is taken; of builds before 0.2.0 none uses it.
    this.addSql('drop index concurrently if exists "enrichment_ended_index"')
  }

  override down(): void {
    const names = Object.keys(INDEXES).map((name) => `"${name}"`)
    this.addSql(`drop index ${names.join(', ')}`)
    this.addSql(`
      create index if not exists "enrichment_ended_index" on "enrichment" ("decided_at")
      where "decision" <> 'retry' and not "again" and not ("run" > 1 or "attempt" > 0)`)
  }
}
