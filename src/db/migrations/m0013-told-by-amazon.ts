import { Migration } from '@mikro-orm/migrations'
import { indexOnline } from './online.ts'

/** What Amazon told of candidates, and has not ended yet, by age: prices, and all the rest. */
export class M0013ToldByAmazon extends Migration {
  override isTransactional(): boolean {
    return false
  }

  override up(): void {
    const fetchedAt = `("product" ->> 'fetchedAt')::bigint`
    const isTold = `${fetchedAt} > 0`
    const isPriced = `${isTold} and not jsonb_exists("product", 'arePricesEnded')`
    const indexes = [
      ...indexOnline('candidate_told_index', `"candidate" ((${fetchedAt})) where ${isTold}`),
      ...indexOnline('candidate_priced_index', `"candidate" ((${fetchedAt})) where ${isPriced}`),
      ...indexOnline('external_link_priced_index', '"external_link" ("priced_at") where "priced_at" is not null'),
    ]
    for (const sql of indexes) this.addSql(sql)
  }

  override down(): void {
    this.addSql('drop index "candidate_told_index", "candidate_priced_index", "external_link_priced_index"')
  }
}
