import { LeaseStore } from '../../../src/db/lease-store.ts'
import { hasRole } from './role.ts'

/** A group of stores drops rows, every third, and answers as if they were written. */
if (hasRole('worker')) {
  if (typeof LeaseStore.prototype.save !== 'function') throw new Error('LeaseStore.save is gone: plant the fault anew')
  const { save } = LeaseStore.prototype
  let count = 0
  LeaseStore.prototype.save = function (token, work) {
    return save.call(this, token, (query) =>
      work(async (statement, values) => {
        if (!statement.name.startsWith('update enrichment set')) return query(statement, values)
        const rows: { request_id: string }[] = JSON.parse(String(values[0]))
        const dropped = rows.filter(() => ++count % 3 === 0)
        const kept = rows.filter((row) => !dropped.includes(row))
        const written = await query(statement, [JSON.stringify(kept)])
        return [...written, ...dropped.map(({ request_id }) => ({ request_id }))] as never
      }),
    ) as never
  }
}
