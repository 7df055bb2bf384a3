import { defineEntity, p } from '@mikro-orm/core'

/** What a person decided about a product and an album; it outweighs whatever else there is, until it is taken back. */
const schema = defineEntity({
  name: 'PersonVerdictRow',
  tableName: 'person_verdict',
  properties: {
    albumId: p.text().primary(),
    marketplace: p.text().primary(),
    asin: p.text().primary(),
    verdict: p.enum(['accept', 'reject'] as const),
    decidedBy: p.text(),
    decidedAt: p.datetime(),
  },
})

export class PersonVerdictRow extends schema.class {}
schema.setClass(PersonVerdictRow)
