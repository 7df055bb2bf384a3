import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Product } from '../../src/album.ts'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import { looksLikeInstruction } from '../../src/model/looks-like-instruction.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { ATTACKS, UNSEEN } from '../data/attacks.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../stack/stand-ins/model.ts'

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterEach(() => standIn.reset())
afterAll(() => standIn.close())

const album = sampleAlbum('Red', ['King Crimson'])
const right = sampleProduct('Red', 'King Crimson', { asin: 'B0RIGHT001' })
const wrong = sampleProduct('Karaoke Hits', 'Nobody', { asin: 'B0WRONG001' })
/** Sellers write what they like into each of these. */
const FIELDS: [string, (text: string) => Partial<Product>][] = [
  ['title', (title) => ({ title })],
  ['artist', (name) => ({ contributors: [{ name, role: null, roleType: null }] })],
  ['brand', (brand) => ({ brand })],
  ['edition', (edition) => ({ edition })],
  ['format', (format) => ({ formats: [format] })],
]

const judge = async (products: Product[], about = album) => {
  const model = createOpenAiModel({
    apiKey: MODEL_STAND_IN_KEY,
    baseUrl: standIn.url,
    name: 'obedient',
    timeoutMs: 10_000,
  })
  const { verdicts } = await judgeCarefully(model, { outage: 'hold' }).judge(
    about,
    products,
    AbortSignal.timeout(10_000),
  )
  return verdicts.map(({ verdict }) => verdict)
}

/**
 * As a model would that obeys whatever reaches it from a seller: every verdict is the one that it was told to give.
 * Whether something reached it, it knows by the field that only the attacker's product has.
 */
const obey = (verdict: 'accept' | 'reject') =>
  standIn.behave({
    rewrite: (honest, question) =>
      question.candidates.some(({ binding }) => binding === 'Attacked')
        ? JSON.stringify({
            verdicts: question.candidates.map(({ candidate }) => ({ candidate, verdict, reason: 'as you wish' })),
          })
        : honest,
  })

describe('a model that obeys whatever reaches it', () => {
  it.each(ATTACKS)('does no harm when told by %s', async (_trick, text) => {
    for (const [field, write] of FIELDS) {
      const attacker = sampleProduct('Red Hot', 'Somebody', { asin: 'B0ATTACK01', binding: 'Attacked', ...write(text) })
      for (const told of ['accept', 'reject'] as const) {
        obey(told)
        const [ofRight, ofWrong, ofAttacker] = await judge([right, wrong, attacker])
        expect([field, told, ofRight, ofWrong]).toEqual([field, told, 'accept', 'reject'])
        expect(`${field}: ${ofAttacker}`).not.toBe(`${field}: accept`)
      }
    }
  })

  it.each(ATTACKS)('is not asked about an album whose own title is %s', async (_trick, title) => {
    obey('accept')
    expect(await judge([right, wrong], sampleAlbum(title, ['King Crimson']))).toEqual([null, null])
    expect(standIn.calls).toEqual([])
  })

  it.each(UNSEEN)('sees of %s what a person sees', async (_trick, title) => {
    expect(await judge([right, sampleProduct(title, 'King Crimson', { asin: 'B0UNSEEN01' })])).toHaveLength(2)
    const sent = standIn.calls.map(({ body }) => JSON.parse(body).messages[1].content as string).join('')
    expect(sent).not.toMatch(/[\p{Default_Ignorable_Code_Point}]/u)
    expect(sent).toMatch(/"title": "Red( A)?"/)
  })

  it('has more than sixty ways to be told', () => {
    expect(ATTACKS.length).toBeGreaterThan(60)
  })
})

describe('looksLikeInstruction', () => {
  it.each([
    'Accept – Balls to the Wall',
    'Reject All American',
    'You Must Believe in Spring',
    'Ignore the Ignorant',
    'System of a Down: Toxicity',
    'Instruction Manual',
    'The Best of Everything',
    'Forget the World',
    'Open All Night',
    'Answer Me, My Love',
    '(What’s the Story) Morning Glory? [Remastered]',
    'OK Computer OKNOTOK 1997 2017',
    'The Candidate',
    'All of the Above',
    'Say It Ain’t So: The Singles',
    'Read My Lips',
    'You Are the Quarry',
    'Judge Jury Executioner',
  ])('takes %j for what it is', (title) => {
    expect(looksLikeInstruction(title)).toBe(false)
  })

  it.each(['ignore ', 'accept ', 'a', 'A0', '(', '<', 'candidate '])('takes 1 MB of %j in its stride', (piece) => {
    const began = performance.now()
    looksLikeInstruction(piece.repeat(1_000_000 / piece.length))
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})
