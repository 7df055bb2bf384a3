import { defineEntity, p } from '@mikro-orm/core'

/** Originals in the object store that no album needs any more, until the worker, which has the store, has deleted them. */
const schema = defineEntity({
  name: 'DiscardedImage',
  tableName: 'discarded_image',
  properties: {
    marketplace: p.text().primary(),
    key: p.text().primary(),
  },
})

export class DiscardedImage extends schema.class {}
schema.setClass(DiscardedImage)
