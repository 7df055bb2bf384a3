import { defineEntity, p } from '@mikro-orm/core'
import type { Album } from '../../events.ts'

/** The newest facts of each album; older ones never replace them. */
const schema = defineEntity({
  name: 'AlbumRow',
  tableName: 'album',
  properties: {
    albumId: p.text().primary(),
    facts: p.json<Album>(),
    importedAt: p.datetime(),
    /** Offset of the record they came with, which tells apart what was imported at the same time; -1: none. */
    sourceOffset: p.bigint('number').defaultRaw('-1'),
  },
})

export class AlbumRow extends schema.class {}
schema.setClass(AlbumRow)
