import { defineEntity, p } from '@mikro-orm/core'

/** What became of an album's primary artwork, by marketplace. */
const schema = defineEntity({
  name: 'ArtworkRow',
  tableName: 'artwork',
  properties: {
    albumId: p.text().primary(),
    marketplace: p.text().primary(),
    status: p.enum(['stored', 'linked', 'kept', 'none', 'pending', 'failed', 'off'] as const),
    asin: p.text().nullable(),
    url: p.text().nullable(),
    /** The original's key in the object store; only when stored, like the figures below. */
    key: p.text().nullable(),
    /** Pixels of the original. */
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    bytes: p.integer().nullable(),
    errorCode: p.text().nullable(),
    errorMessage: p.text().nullable(),
    requestId: p.uuid(),
    updatedAt: p.datetime(),
  },
})

export class ArtworkRow extends schema.class {}
schema.setClass(ArtworkRow)
