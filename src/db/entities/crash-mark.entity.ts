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
    /** Of the topic that had the name then, where that was asked for: one that is made anew has another one. */
    topicId: p.text().nullable(),
    /** Bad ends in a row: of those that came no further, and of the last one that did. */
    ends: p.integer(),
    /** The first and the last record that are in hand, while somebody looks closely; null when none is. */
    touched: p.bigint('bigint').nullable(),
    touchedTo: p.bigint('bigint').nullable(),
    /** By offset how many processes in a row died with that record in hand, alone or among others; of those that are not done yet. */
    deadly: p.json<Record<string, number>>().nullable(),
    /** Of the build before, which counted one record alone. */
    deaths: p.integer().default(0),
  },
})

export class CrashMark extends schema.class {}
schema.setClass(CrashMark)
