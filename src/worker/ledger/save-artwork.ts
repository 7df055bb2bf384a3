import type { Statement } from '../../db/prepared.ts'

/**
 * Takes rows (ArtworkRow) and the marketplace. The image that a row names is discarded no longer, and the
 * one that it takes the place of is remembered, in the same statement.
 */
export const SAVE_ARTWORK: Statement = {
  name: 'insert into artwork',
  text: `
    with v as (
      select * from json_to_recordset($1::json) as v(album_id text, request_id uuid, at timestamptz, status text, asin text,
        url text, key text, width int, height int, bytes int, error_code text, error_message text)),
    claimed as (delete from discarded_image d using v where d.key = v.key),
    former as (
      insert into former_image (album_id, marketplace, key)
      select a.album_id, a.marketplace, a.key from v join artwork a on a.album_id = v.album_id and a.marketplace = $2
      where a.key <> coalesce(v.key, '') on conflict do nothing)
    insert into artwork (album_id, marketplace, status, asin, url, key, width, height, bytes, error_code, error_message,
      request_id, updated_at)
    select album_id, $2, status, asin, url, key, width, height, bytes, error_code, error_message, request_id, at from v
    on conflict (album_id, marketplace) do update
    set status = excluded.status, asin = excluded.asin, url = excluded.url, key = excluded.key, width = excluded.width,
      height = excluded.height, bytes = excluded.bytes, error_code = excluded.error_code,
      error_message = excluded.error_message, request_id = excluded.request_id, updated_at = excluded.updated_at`,
}
