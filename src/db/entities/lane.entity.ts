import { defineEntity, p } from '@mikro-orm/core'

/** Whether a person has paused the lane; the row outlives restarts. */
const schema = defineEntity({
  name: 'LaneRow',
  tableName: 'lane',
  properties: {
    /** The worker's consumer group. */
    name: p.text().primary(),
    state: p.enum(['running', 'paused'] as const),
    changedAt: p.datetime(),
    changedBy: p.text(),
  },
})

export class LaneRow extends schema.class {}
schema.setClass(LaneRow)
