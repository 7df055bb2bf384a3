import { defineEntity, p } from '@mikro-orm/core'
import type { Product, ScorePart } from '../../album.ts'

/** What the last search brought for an album, and what a person decided about, each with the last verdict about it. */
const schema = defineEntity({
  name: 'CandidateRow',
  tableName: 'candidate',
  properties: {
    albumId: p.text().primary(),
    marketplace: p.text().primary(),
    asin: p.text().primary(),
    /** Whole, unless it was rejected, or may be kept no longer (see endFacts). */
    product: p.json<Pick<Product, 'asin' | 'title' | 'contributors'> & Partial<Product> & { arePricesEnded?: true }>(),
    verdict: p.enum(['accept', 'reject', 'open'] as const),
    decidedBy: p.enum(['identifier', 'rules', 'model', 'person'] as const),
    score: p.double().nullable(),
    parts: p.json<ScorePart[]>(),
    reason: p.text(),
    /** Where the model decided: which one, and with which version of the prompt. */
    modelName: p.text().nullable(),
    promptVersion: p.text().nullable(),
    requestId: p.uuid(),
    judgedAt: p.datetime(),
    /** Since when it is open, whatever was judged since; null: since `judgedAt`, or it is not. */
    openSince: p.datetime().nullable(),
  },
})

export class CandidateRow extends schema.class {}
schema.setClass(CandidateRow)
