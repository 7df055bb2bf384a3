import { defineEntity, p } from '@mikro-orm/core'

/**
 * What an operator did about a dead letter. Kafka cannot delete one record, so what is handled is remembered here and
 * left out of lists.
 */
const schema = defineEntity({
  name: 'DeadLetterMark',
  tableName: 'dead_letter_mark',
  properties: {
    topic: p.text().primary(),
    partition: p.integer().primary(),
    offset: p.bigint('bigint').primary(),
    action: p.enum(['retried', 'deleted'] as const),
    /** The request that a retry sends; chosen before it is sent, so that a repeat sends the same. */
    requestId: p.uuid().nullable(),
    /** False between the choice and the sending: then the letter is still to be handled. */
    isSent: p.boolean(),
    markedBy: p.text(),
    markedAt: p.datetime(),
  },
})

export class DeadLetterMark extends schema.class {}
schema.setClass(DeadLetterMark)
