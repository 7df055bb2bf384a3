import { defineEntity, p } from '@mikro-orm/core'

/**
 * Albums that are to be known no more: requests that were made before are skipped, however late they come. The topics keep
 * theirs for ever, so this is kept too.
 */
const schema = defineEntity({
  name: 'ForgottenRow',
  tableName: 'forgotten',
  properties: {
    albumId: p.text().primary(),
    forgottenAt: p.datetime(),
    /** Where the last tombstone stands that was heeded, and its record's time; null: `forget` alone has spoken. */
    tombstoneTopic: p.text().nullable(),
    tombstonePartition: p.integer().nullable(),
    tombstoneOffset: p.bigint('number').nullable(),
    tombstoneAt: p.datetime().nullable(),
    /** When it, or one before it, was read again last: what was asked for until then, but imported before it, is skipped. */
    repeatedAt: p.datetime().nullable(),
  },
})

export class ForgottenRow extends schema.class {}
schema.setClass(ForgottenRow)
