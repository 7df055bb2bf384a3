import { defineEntity, p } from '@mikro-orm/core'

/** When an account may send its next Amazon request, whichever process sends it. */
const schema = defineEntity({
  name: 'QuotaRow',
  tableName: 'quota',
  properties: {
    /** The credential id. */
    account: p.text().primary(),
    nextAt: p.datetime(6),
  },
})

export class QuotaRow extends schema.class {}
schema.setClass(QuotaRow)
