import { defineEntity, p } from '@mikro-orm/core'

/** What the calls of a lane have taken in a day: MODEL_TOKENS_PER_DAY is counted here, whichever process asked. */
const schema = defineEntity({
  name: 'ModelDayRow',
  tableName: 'model_day',
  properties: {
    lane: p.text().primary(),
    /** A day of UTC, as 2026-01-31. */
    day: p.text().primary(),
    calls: p.integer(),
    tokens: p.bigint('number'),
  },
})

export class ModelDayRow extends schema.class {}
schema.setClass(ModelDayRow)
