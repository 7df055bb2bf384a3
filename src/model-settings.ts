import { z } from 'zod'

const holdOrReview = z.enum(['hold', 'review'])

/** What the model may cost, and what becomes of albums that it cannot judge. */
export const MODEL_SETTINGS = {
  MODEL_TOKENS_PER_DAY: {
    group: 'model' as const,
    schema: z.coerce.number().int().min(1).max(1_000_000_000_000).optional(),
    default: '',
    description: 'Tokens, sent and answered, that the model may cost in a day (UTC); empty: no limit.',
    wants: 'a whole number from 1, or nothing',
  },
  MODEL_TOKENS_SPENT: {
    group: 'model' as const,
    schema: holdOrReview,
    default: 'review',
    description:
      'When MODEL_TOKENS_PER_DAY are spent: review leaves open what the rules leave open, hold holds the lane until the next day.',
    wants: 'review or hold',
  },
  MODEL_OUTAGE: {
    group: 'model' as const,
    schema: holdOrReview,
    default: 'hold',
    description:
      'While the model host is away or refuses the account: hold holds the lane, review leaves open what the rules leave open.',
    wants: 'hold or review',
  },
}
