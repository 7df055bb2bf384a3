import { defineEntity, p } from '@mikro-orm/core'

/** An accepted product of an album; withdrawn, not deleted, when it no longer matches. */
const schema = defineEntity({
  name: 'ExternalLink',
  tableName: 'external_link',
  properties: {
    albumId: p.text().primary(),
    marketplace: p.text().primary(),
    asin: p.text().primary(),
    url: p.text(),
    title: p.text(),
    decidedBy: p.enum(['identifier', 'rules', 'model', 'person'] as const),
    score: p.double().nullable(),
    reason: p.text(),
    /** In the currency's minor unit. */
    priceMinor: p.bigint('number').nullable(),
    currency: p.text().nullable(),
    condition: p.text().nullable(),
    availability: p.text().nullable(),
    pricedAt: p.datetime().nullable(),
    salesRank: p.bigint('number').nullable(),
    requestId: p.uuid(),
    updatedAt: p.datetime(),
    withdrawnAt: p.datetime().nullable(),
  },
})

export class ExternalLink extends schema.class {}
schema.setClass(ExternalLink)
