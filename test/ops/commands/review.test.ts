import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { exportVerdicts, type LabelledPair } from '../../../src/ops/export-verdicts.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'
import { judgePairs } from '../../eval/judge-pairs.ts'
import { type Pair, readPairs, SITE, toAlbum, toProduct } from '../../eval/read-pairs.ts'
import { runVerb } from '../../stack/service-process.ts'
import { createTestEnv } from '../../stack/test-env.ts'

const VERDICTS = 2_500

/** Albums that wait, with verdicts of a person about another product of each; of the last one the product is not known. */
async function createFilled(albums: number) {
  const env = await createTestEnv()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  const execute = (sql: string) => db.query((em) => em.execute(sql))
  await execute(`
    insert into album (album_id, facts, imported_at)
    select 'a' || i, jsonb_build_object('title', 'Title ' || i, 'artists', '[{"name": "A"}]'::jsonb, 'releaseYear', 1991,
      'barcodes', '[]'::jsonb, 'asins', '{}'::jsonb), now()
    from generate_series(1, ${albums}) i`)
  await execute(`
    insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
    select 'a' || i, 'www.amazon.ca', 'B' || n, '{"title": "Product", "contributors": [{"name": "A"}, {"name": "B"}]}',
      case when n = 1 then 'open' else 'reject' end, 'rules', '[]', 'because', gen_random_uuid(), now()
    from generate_series(1, ${albums}) i, generate_series(1, 2) n`)
  await execute(`
    insert into person_verdict (album_id, marketplace, asin, verdict, decided_by, decided_at)
    select 'a' || i, 'www.amazon.ca', case when i = ${albums} then 'B9' else 'B2' end,
      case when i % 2 = 0 then 'accept' else 'reject' end, 'me', '2026-01-10T12:00:00Z'
    from generate_series(1, ${albums}) i`)
  return { env, db }
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'review-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('candidates are shown as a person wants to read them, and keep their numbers whatever is decided', async () => {
  const { env, db } = await createFilled(1)
  const judge = (asin: string, verdict: string, score: number) =>
    db.query((em) => em.execute('update candidate set verdict = ?, score = ? where asin = ?', [verdict, score, asin]))
  const show = async () => {
    const { output } = await runVerb({ ...env, AMAZON_MARKETPLACE: 'www.amazon.ca' }, 'review', 'show', 'a1')
    return output
      .split('\n')
      .flatMap((line) => /^(\d) +\w+ (\w+) by rules, score (0\.\d)/.exec(line)?.slice(1).join(' ') ?? [])
  }
  await judge('B1', 'open', 0.6)
  await judge('B2', 'open', 0.7)
  expect(await show()).toEqual(['2 open 0.7', '1 open 0.6'])
  await judge('B2', 'accept', 0.7)
  expect(await show()).toEqual(['1 open 0.6', '2 accept 0.7'])
})

test('review list says how many albums it leaves out and how to see them', async () => {
  const { env } = await createFilled(102)
  const list = async (...options: string[]) => {
    const { status, output } = await runVerb(env, 'review', 'list', ...options)
    return { status, lines: output.split('\n') }
  }
  const table = await list()
  expect([table.status, table.lines.length, table.lines.at(-1)]).toEqual([0, 102, 'and 2 more: --limit 102 shows all'])
  const whole = await list('--limit', '102')
  expect([whole.lines.length, whole.lines.at(-1)]).toEqual([103, expect.stringContaining('Title')])
  expect(JSON.parse((await list('--json')).lines.at(-1) ?? '').items).toHaveLength(102)
  const { items, total } = JSON.parse((await list('--limit', '3', '--json')).lines.at(-1) ?? '')
  expect([items.length, total]).toEqual([3, 102])
  for (const wrong of ['0', '-1', 'all', '1.5', '99999999999'])
    expect(await list('--limit', wrong)).toEqual({
      status: 2,
      lines: [expect.stringMatching(/^--limit is ".*": wants a whole number .* \(CONFIG_INVALID\)$/)],
    })
})

test('every verdict about a known product is exported, page by page', async () => {
  const { env, db } = await createFilled(VERDICTS)
  const pages: LabelledPair[][] = []
  for await (const page of exportVerdicts(db)) pages.push(page)
  expect(pages.map(({ length }) => length)).toEqual([1_000, 1_000, VERDICTS - 2_001])
  const pairs = pages.flat()
  expect(new Set(pairs.map(({ album }) => album.title)).size).toBe(VERDICTS - 1)
  expect(pairs.find(({ album }) => album.title === 'Title 7')).toEqual({
    album: { title: 'Title 7', artists: ['A'], releaseYear: 1991 },
    product: { asin: 'B2', title: 'Product', contributors: [{ name: 'A' }, { name: 'B' }] },
    label: 'no_match',
    why: `a person's verdict of 2026-01-10`,
    labelledBy: 'me',
  })
  const file = join(aFolder(), 'pairs.jsonl')
  expect(await runVerb(env, 'review', 'export', file)).toEqual({
    status: 0,
    output: `${VERDICTS - 1} labelled pairs written to ${file}`,
  })
  expect(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(pairs)
})

test('what an editor decided about is judged from its export as the rules judge it, whether or not it names an artist', async () => {
  const { env, db } = await createFilled(1)
  const album = sampleAlbum('Kind of Blue', ['Miles Davis', 'John Coltrane'], {
    albumId: 'a1',
    releaseYear: 1959,
    barcodes: ['5099706493525'],
    asins: { 'www.amazon.ca': ['B000002ADT'], 'www.amazon.com': ['B000000009'] },
  })
  const unnamed = sampleProduct('Kind of Blue', undefined, { asin: 'B2', binding: 'Audio CD', productGroup: 'Music' })
  const tribute = sampleProduct('Kind of Blue', 'Various Artists', {
    ...{ asin: 'B3', brand: 'Karaoke Hits', edition: 'Deluxe', formats: ['Karaoke'], releaseDate: '2001-02-03' },
    ...{ barcodes: ['5099706493525'], binding: 'Audio CD', productGroup: 'Music' },
    contributors: [{ name: 'Various Artists', role: 'Artist', roleType: 'artist' }],
  })
  const execute = (sql: string, values: unknown[]) => db.query((em) => em.execute(sql, values))
  await execute('update album set facts = ?', [JSON.stringify(album)])
  for (const product of [unnamed, tribute]) {
    await execute('delete from candidate where asin = ?', [product.asin])
    await execute(
      `insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
        values ('a1', 'www.amazon.ca', ?, ?, 'reject', 'person', '[]', 'because', gen_random_uuid(), now())`,
      [product.asin, JSON.stringify(product)],
    )
    await execute(
      `insert into person_verdict (album_id, marketplace, asin, verdict, decided_by, decided_at)
        values ('a1', 'www.amazon.ca', ?, 'reject', 'me', now()) on conflict do nothing`,
      [product.asin],
    )
  }
  const file = join(aFolder(), 'pairs.jsonl')
  expect((await runVerb(env, 'review', 'export', file)).status).toBe(0)
  expect(readFileSync(file, 'utf8')).not.toContain('null,"')
  const pairs = readPairs(file)
  expect(pairs.map(toAlbum)).toEqual(
    pairs.map(() => ({ ...album, albumId: '1', asins: { [SITE]: album.asins['www.amazon.ca'] } })),
  )
  expect(pairs.map(toProduct)).toEqual([unnamed, tribute])
  const { judged } = await judgePairs(pairs, null)
  expect(judged.map(({ decision }) => decision.verdict)).toEqual(['open', 'open'])

  const formerly = { ...pairs[0], product: { title: 'Kind of Blue', asin: 'B2', artist: null, binding: null } } as Pair
  expect(toProduct(formerly).contributors).toEqual([])
})
