import { defineEntity, p } from '@mikro-orm/core'

/** Originals that were an album's artwork before the one it has: readers of its results may have their keys until it is forgotten. */
const schema = defineEntity({
  name: 'FormerImage',
  tableName: 'former_image',
  properties: {
    albumId: p.text().primary(),
    marketplace: p.text().primary(),
    key: p.text().primary(),
  },
})

export class FormerImage extends schema.class {}
schema.setClass(FormerImage)
