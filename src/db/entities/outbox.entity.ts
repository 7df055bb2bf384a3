import { defineEntity, p } from '@mikro-orm/core'

/** Requests and tombstones that were decided on together with something else in the database, and are still to be sent. */
const schema = defineEntity({
  name: 'OutboxRow',
  tableName: 'outbox',
  properties: {
    requestId: p.uuid().primary(),
    topic: p.text(),
    albumId: p.text(),
    /** Empty: a tombstone. */
    value: p.blob(),
    createdAt: p.datetime(),
  },
})

export class OutboxRow extends schema.class {}
schema.setClass(OutboxRow)
