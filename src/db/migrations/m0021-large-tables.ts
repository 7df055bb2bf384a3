import { Migration } from '@mikro-orm/migrations'
import { indexOnline } from './online.ts'

const HAS_COPIES = '("run" > 1 or "attempt" > 0)'
const HAS_ENDED = `"decision" <> 'retry' and not "again"`

/** What is asked again and again would else walk through whole tables of millions of rows. */
const INDEXES: Record<string, string> = {
  // Whether another album needs a discarded image.
  artwork_key_index: '"artwork" ("key") where "key" is not null',
  // The pruning: rows that it is to delete, and kept ones with answers that are to go. Past all that it keeps. The price: to
  // store an answer touches every index of the row (no HOT update): 6,000 took 2.3 to 3.6 s, without it 2.1 to 2.5.
  enrichment_ended_index: `"enrichment" ("decided_at") where ${HAS_ENDED} and not ${HAS_COPIES}`,
  enrichment_answered_index: `"enrichment" ("decided_at") where ${HAS_ENDED} and ${HAS_COPIES} and "answers" <> '{}'`,
  // What waits for a person, and since when. `candidate_open_index`, which lacks that, goes a version later.
  candidate_review_index: `"candidate" ("album_id", "marketplace", "judged_at") where "verdict" = 'open'`,
  // The oldest of the outbox, asked for each second.
  outbox_waiting_index: '"outbox" ("topic", "created_at", "request_id")',
}

export class M0021LargeTables extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    for (const [name, on] of Object.entries(INDEXES)) for (const sql of indexOnline(name, on)) this.addSql(sql)
  }

  override down(): void {
    const names = Object.keys(INDEXES).map((name) => `"${name}"`)
    this.addSql(`drop index ${names.join(', ')}`)
  }
}
