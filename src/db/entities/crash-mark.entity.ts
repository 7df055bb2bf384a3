import { defineEntity, p } from '@mikro-orm/core'

/** What tells whether a process died of a record: who has a partition, where it began, and which record it has in hand. */
const schema = defineEntity({
  name: 'CrashMark',
  tableName: 'crash_mark',
  properties: {
    groupName: p.text().primary(),
    topic: p.text().primary(),
    partition: p.integer().primary(),
    /** Who has it; null once that one has left it in good order. */
    processId: p.text().nullable(),
    /** Where it stood when that one took it over. */
    offset: p.bigint('bigint'),
    /** Bad ends in a row: of those that came no further, and of the last one that did. */
    ends: p.integer(),
    /** The record that is in hand, while somebody looks at each alone; null when none is. */
    touched: p.bigint('bigint').nullable(),
    /** By offset how many processes in a row died with that record in hand; of those that are not done yet. */
    deadly: p.json<Record<string, number>>().nullable(),
    /** Of the build before, which counted one record alone. */
    deaths: p.integer().default(0),
  },
})

export class CrashMark extends schema.class {}
schema.setClass(CrashMark)
