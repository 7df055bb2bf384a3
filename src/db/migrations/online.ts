/**
 * Steps of a migration that large tables go through while the service works on them. Each is a statement of its own that may
 * be run again after it was cut off, so their migrations are not transactional.
 */

/** Back to what the session began with: behind a pooler others have it next. */
export const LIMIT_LOCKS_AGAIN = 'reset lock_timeout'
const ROWS_AT_ONCE = 5_000

/**
 * An index that is built while the table is written to. What an interrupted build has left, which nobody uses and every
 * write keeps up, is built anew. But the server goes on with the build of a set-up that was killed: that is a lock, which
 * passes.
 *
 * @param on what stands behind the name, for example `"candidate" ("album_id")`
 */
export function indexOnline(name: string, on: string): string[] {
  return [
    `do $$ begin
      if exists (select from pg_stat_progress_create_index where index_relid = to_regclass('"${name}"')) then
        raise lock_not_available using message = 'another session is building ${name}';
      end if;
      if exists (select from pg_index where indexrelid = to_regclass('"${name}"') and not indisvalid) then
        drop index "${name}";
      end if;
    end $$`,
    // The build ends by waiting until all transactions older than itself are over. Nobody waits behind that, and a limit
    // would throw away all that was built.
    'set lock_timeout = 0',
    `create index concurrently if not exists "${name}" on ${on}`,
    LIMIT_LOCKS_AGAIN,
  ]
}

/**
 * Changes the rows of the ledger by some thousands, each time in a transaction of its own, in the order of their ids.
 *
 * @param change what stands behind `set`
 * @param where which rows are still to be changed
 */
export function updateLedgerInBatches(change: string, where: string): string {
  return `do $$
    declare last_id uuid := '00000000-0000-0000-0000-000000000000';
    begin
      loop
        with page as (
          select "request_id" as id from "enrichment" where "request_id" > last_id order by "request_id"
          limit ${ROWS_AT_ONCE}),
        changed as (
          update "enrichment" set ${change} from page where "request_id" = page.id and ${where})
        select max(id::text)::uuid into last_id from page;
        exit when last_id is null;
        commit;
      end loop;
    end $$`
}
