import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'
import { NO_REPEATS } from '../db/repeat.ts'
import { toEnrichmentError } from '../errors.ts'
import type { OutgoingRecord } from '../kafka/delivery.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { publishRecords } from '../kafka/publish-records.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'

/** How soon an editor's verdict is on its way. */
const POLL_MS = 1_000
const ROWS_AT_ONCE = 100
/**
 * PostgreSQL ends a transaction that stands still for 3 s, and with it the rows are anybody's: what is sent later may stand
 * behind what has come since.
 */
const SEND_MS = 2_000

/**
 * Asked every second, and nearly always in vain: a transaction would be three more statements. In the order in which it is
 * taken, for which there is an index: else the planner may read all that another lane's topic has waiting.
 */
const IS_WAITING: Statement<{ is: boolean }> = {
  name: 'select outbox',
  text: 'select true as is from outbox where topic = $1 order by created_at, request_id limit 1',
}

interface WaitingRow {
  request_id: string
  album_id: string
  value: Buffer
  is_overtaken: boolean
}

/** Overtaken: a tombstone of an album that was imported anew since. It would stand behind the new result. */
const TAKE_WAITING: Statement<WaitingRow> = {
  name: 'select outbox for update',
  text: `
    select request_id, album_id, value,
      value = '' and exists (select from enrichment e where e.album_id = o.album_id and e.decision = 'result')
        as is_overtaken
    from outbox o where topic = $1 order by created_at, request_id limit ${ROWS_AT_ONCE} for update of o skip locked`,
}
const DELETE_SENT: Statement = {
  name: 'delete from outbox',
  text: 'delete from outbox where request_id in (select json_array_elements_text($1::json)::uuid)',
}

type Place = Pick<OutgoingRecord, 'topic' | 'partition'>

interface Outbox extends Place {
  db: Database
  kafka: Kafka
  log: Logger
}

/**
 * Sends what the outbox holds for a topic, oldest first. What was sent by a process that died before it could say so is
 * sent again: a request is a stale copy to the worker then, a tombstone says nothing new.
 *
 * @param partition where all of it goes; absent: by its key
 * @returns when the signal is aborted
 */
export async function keepOutboxSent({ db, kafka, log, ...place }: Outbox, stop: AbortSignal): Promise<void> {
  let isFailing = false
  const sendAll = async () => {
    while (!stop.aborted && (await sendSome(db, kafka, place)) === ROWS_AT_ONCE);
    isFailing = false
  }
  const onFailed = (error: unknown) => {
    const { code, message } = toEnrichmentError(error)
    if (!isFailing) log.warn({ code, reason: message }, 'outbox not sent')
    isFailing = true
  }
  await keepDoing(POLL_MS, sendAll, onFailed, stop)
}

/** Another relay passes over what this one has in hand. */
async function sendSome(db: Database, kafka: Kafka, place: Place): Promise<number> {
  const [waiting] = await db.run(IS_WAITING, [place.topic])
  if (waiting === undefined) return 0
  return db.prepared(async (query) => {
    const rows = await query(TAKE_WAITING, [place.topic])
    const records = rows
      .filter(({ is_overtaken }) => !is_overtaken)
      .map(({ album_id, value }) => ({ ...place, key: album_id, value: value.length === 0 ? null : value }))
    if (rows.length === 0) return 0
    if (records.length > 0) await publishRecords(kafka, records, SEND_MS)
    await query(DELETE_SENT, [JSON.stringify(rows.map(({ request_id }) => request_id))])
    return rows.length
  }, NO_REPEATS)
}
