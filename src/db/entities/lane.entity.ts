import { defineEntity, p } from '@mikro-orm/core'
import type { HoldRecord } from '../hold-record.ts'

/** What outlives the processes that work for a consumer group: its state, who has it, and how far it had come. */
const schema = defineEntity({
  name: 'LaneRow',
  tableName: 'lane',
  properties: {
    /** The consumer group. */
    name: p.text().primary(),
    /** What a person wants. */
    state: p.enum(['running', 'paused'] as const),
    changedAt: p.datetime(),
    changedBy: p.text(),
    /** Grows with each takeover; whoever saves under an older one is refused. */
    fence: p.bigint('number').defaultRaw('0'),
    clusterId: p.text().nullable(),
    /** Number of the last commit that was begun; stored before it. */
    flush: p.bigint('number').defaultRaw('0'),
    /** By topic the offset last committed, as decimal text; stored after it. */
    offsets: p.json<Record<string, string>>().defaultRaw("'{}'"),
    holds: p.json<HoldRecord[]>().defaultRaw("'[]'"),
    /** Causes of a hold that a person has accepted; they count until the lane has started. */
    accepted: p.json<string[]>().defaultRaw("'[]'"),
  },
})

export class LaneRow extends schema.class {}
schema.setClass(LaneRow)
