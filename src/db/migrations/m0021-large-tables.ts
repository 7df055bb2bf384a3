import { Migration } from '@mikro-orm/migrations'
import { indexOnline, updateLedgerInBatches } from './online.ts'

const HAS_ENDED = `"decision" <> 'retry' and not "again"`

/** What is asked again and again would else walk through whole tables of millions of rows. */
const INDEXES: Record<string, string> = {
  // Whether another album needs a discarded image.
  artwork_key_index: '"artwork" ("key") where "key" is not null',
  // Rows that the pruning is to delete, past all that it keeps.
  enrichment_ended_index: `"enrichment" ("decided_at") where ${HAS_ENDED} and not ("run" > 1 or "attempt" > 0)`,
  // What waits for a person, and since when. `candidate_open_index`, which lacks that, goes a version later.
  candidate_review_index: `"candidate" ("album_id", "marketplace", "judged_at") where "verdict" = 'open'`,
  // The oldest of the outbox, asked for each second.
  outbox_waiting_index: '"outbox" ("topic", "created_at", "request_id")',
  // When an album was forgotten last: each request that a person makes is later, and all lanes wait while one is forgotten.
  forgotten_at_index: '"forgotten" ("forgotten_at")',
}

export class M0021LargeTables extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    for (const [name, on] of Object.entries(INDEXES)) for (const sql of indexOnline(name, on)) this.addSql(sql)
    // Builds before 0.2.0 left them in rows that had ended, where the pruning looked for them each hour.
    this.addSql(updateLedgerInBatches(`"answers" = '{}'`, `${HAS_ENDED} and "answers" <> '{}'`))
  }

  override down(): void {
    const names = Object.keys(INDEXES).map((name) => `"${name}"`)
    this.addSql(`drop index ${names.join(', ')}`)
  }
}
