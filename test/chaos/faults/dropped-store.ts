import { OwnedLane } from '../../../src/db/lane.ts'
import { hasRole } from './role.ts'

/** A group of stores drops rows, every third, and answers as if they were written. */
if (hasRole('worker')) {
  if (typeof OwnedLane.prototype.savePrepared !== 'function')
    throw new Error('OwnedLane.savePrepared is gone: plant the fault anew')
  const { savePrepared } = OwnedLane.prototype
  let count = 0
  OwnedLane.prototype.savePrepared = function (work) {
    return savePrepared.call(this, (query) =>
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
