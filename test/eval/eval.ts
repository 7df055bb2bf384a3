import { parseArgs } from 'node:util'
import { loadConfig } from '../../src/config.ts'
import { createModel } from '../../src/model/create-model.ts'
import { MODEL_STAND_IN_KEY, startModelStandIn } from '../stack/stand-ins/model.ts'
import { judgePairs } from './judge-pairs.ts'
import { findMistakes, groupByKind, type Judged, measure, measureExpected } from './measure.ts'
import { measureCost } from './measure-cost.ts'
import { readPairs } from './read-pairs.ts'

const USAGE = `Usage: npm run eval -- FILE.jsonl [--cascade stand-in|host [--albums FILE --products FILE]] [--wrong] [--json]
  --cascade  lets a model judge what the rules leave open: the stand-in of the tests, or the host of OPENAI_BASE_URL;
             and tells what it costs over a catalogue, which is the demo's unless --albums and --products name another
  --wrong    prints every pair that was not decided as labelled, the worst first
  --json     prints one line of JSON`
const dataFile = (name: string) => new URL(`../data/${name}`, import.meta.url).pathname
const FIELD_FILE = dataFile('field-pairs.jsonl')
const WORST = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    wrong: { type: 'boolean', default: false },
    cascade: { type: 'string' },
    albums: { type: 'string', default: dataFile('demo-albums.jsonl') },
    products: { type: 'string', default: dataFile('products.jsonl') },
  },
})
const file = positionals[0]
if (file === undefined || !['stand-in', 'host', undefined].includes(values.cascade)) {
  console.error(USAGE)
  process.exit(2)
}

const pairs = readPairs(file)
const fieldPairs = readPairs(FIELD_FILE)
const { judged } = await judgePairs(pairs, null)
const field = (await judgePairs(fieldPairs, null)).judged
const rounds = [...new Set(judged.map(({ round }) => round ?? 0))].sort((left, right) => left - right)
const mistakes = findMistakes(judged)
const figures = {
  all: measure(judged),
  rounds: Object.fromEntries(
    rounds.map((round) => [round, measure(judged.filter((pair) => (pair.round ?? 0) === round))]),
  ),
  kinds: Object.fromEntries([...groupByKind(judged)].map(([kind, group]) => [kind, measure(group)])),
  expected: measureExpected(judged.filter(({ expect }) => expect !== undefined)),
  field: measureExpected(field),
  mistakes: mistakes.slice(0, WORST).map(describe),
  ...(values.cascade && { cascade: await measureCascade(values.cascade) }),
}
if (values.json) console.log(JSON.stringify(figures))
else print()

/** The same pairs with a model for what the rules leave open, and what it costs. */
async function measureCascade(host: string) {
  const standIn = host === 'stand-in' ? await startModelStandIn() : null
  try {
    const env = { ...process.env, ...(standIn && { OPENAI_API_KEY: MODEL_STAND_IN_KEY, OPENAI_BASE_URL: standIn.url }) }
    const model = createModel(loadConfig(['model'], { ...env, MODEL_USE: 'open' }))
    const labelled = await judgePairs(pairs, model)
    const { albums, modelCalls, inputTokens, outputTokens } = labelled
    const files = { albums: values.albums, products: values.products }
    return {
      ...measure(labelled.judged),
      field: measureExpected((await judgePairs(fieldPairs, model)).judged),
      albums,
      modelCalls,
      inputTokens,
      outputTokens,
      catalogue: model && (await measureCost(files, model)),
    }
  } finally {
    await standIn?.close()
  }
}

function print(): void {
  if (values.wrong) for (const pair of mistakes) console.log(describe(pair))
  console.table(
    Object.fromEntries([
      ['all', toRow(figures.all)],
      ...Object.entries(figures.rounds).map(([round, row]) => [round, toRow(row)]),
    ]),
  )
  console.table({ all: toIntervals(figures.all) })
  console.table(
    Object.fromEntries(
      Object.entries(figures.kinds).map(([kind, { confusion }]) => [kind.slice(0, 60), flatten(confusion)]),
    ),
  )
  console.log('The pairs of the field file, by what is right for each:')
  console.table({ field: figures.field })
  if (figures.cascade) {
    const { albums, modelCalls, inputTokens, outputTokens, field: fieldWithModel } = figures.cascade
    console.log(`With the model (${values.cascade}):`)
    console.table({ all: toRow(figures.cascade) })
    console.table({ field: fieldWithModel })
    console.table({ cost: { albums, modelCalls, inputTokens, outputTokens } })
    console.table({ catalogue: figures.cascade.catalogue })
  }
  if (!values.wrong && mistakes.length > 0) {
    console.log('The worst (all of them: --wrong):')
    for (const line of figures.mistakes) console.log(line)
  }
}

function toRow({
  pairs,
  accepted,
  rejected,
  open,
  precision,
  recall,
  f1,
  rejectPrecision,
  decided,
}: ReturnType<typeof measure>) {
  return { pairs, accepted, rejected, open, precision, recall, f1, rejectPrecision, decided }
}

function toIntervals({ precisionInterval, recallInterval, rejectPrecisionInterval }: ReturnType<typeof measure>) {
  const told = (interval: [number, number] | null) => interval?.join(' to ') ?? '-'
  return {
    'precision (95 %)': told(precisionInterval),
    'recall (95 %)': told(recallInterval),
    'rejectPrecision (95 %)': told(rejectPrecisionInterval),
  }
}

function flatten({ match, no_match }: ReturnType<typeof measure>['confusion']) {
  return {
    'match: accept': match.accept,
    'match: reject': match.reject,
    'match: open': match.open,
    'no match: accept': no_match.accept,
    'no match: reject': no_match.reject,
    'no match: open': no_match.open,
  }
}

function describe({ album, product, label, decision }: Judged): string {
  const mark = decision.verdict === 'open' ? 'open ' : 'WRONG'
  const named = product.artists ?? product.contributors?.map(({ name }) => name)
  const artists = named?.join(', ') ?? product.artist ?? '-'
  return (
    `${mark} ${label} ${decision.verdict} ${decision.score ?? '-'} | ${album.title} / ${album.artists.join(', ')} ${album.releaseYear ?? ''} || ` +
    `${product.title} / ${artists} ${product.binding ?? ''} ${product.releaseDate ?? ''} | ${decision.reason}`
  )
}
