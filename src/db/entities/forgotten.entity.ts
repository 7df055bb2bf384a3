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
  },
})

export class ForgottenRow extends schema.class {}
schema.setClass(ForgottenRow)
