import { defineEntity, p } from '@mikro-orm/core'

/** A call of the language model, for people to read: what it said, how long it took and what it cost. */
const schema = defineEntity({
  name: 'ModelCallRow',
  tableName: 'model_call',
  indexes: [{ properties: ['albumId', 'at'] }, { properties: ['at'] }],
  properties: {
    id: p.uuid().primary(),
    /** When it began. */
    at: p.datetime(),
    albumId: p.text(),
    marketplace: p.text(),
    requestId: p.uuid(),
    model: p.text(),
    promptVersion: p.text(),
    candidates: p.integer(),
    /** ok, aborted, or an error code. */
    result: p.text(),
    inputTokens: p.integer(),
    outputTokens: p.integer(),
    /** As the host told it, in its own unit. */
    cost: p.double().$type<number>().nullable(),
    latencyMs: p.integer(),
    /** The model's words, or the refusal; redacted and cut. */
    answer: p.text(),
  },
})

export class ModelCallRow extends schema.class {}
schema.setClass(ModelCallRow)
