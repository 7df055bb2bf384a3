import { defineEntity, p } from '@mikro-orm/core'

/** When an account may send its next Amazon request, whichever process sends it, and how many more it may send today. */
const schema = defineEntity({
  name: 'QuotaRow',
  tableName: 'quota',
  properties: {
    /** The credential id. */
    account: p.text().primary(),
    nextAt: p.datetime(6),
    /** As the process that booked last had them set; null before the first booking. */
    perSecond: p.double().$type<number>().nullable(),
    perDay: p.integer().nullable(),
    /** Requests booked since the day began, which is when the last one was over and a request was booked. */
    dayUsed: p.integer().default(0),
    dayEndsAt: p.datetime(6).nullable(),
    /** Share of the full rate: less after Amazon asked to slow down. */
    speed: p.double().$type<number>().default(1),
    speedChangedAt: p.datetime(6).nullable(),
  },
})

export class QuotaRow extends schema.class {}
schema.setClass(QuotaRow)
