import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The process's metrics; the one place that knows prom-client. */
export const registry = new Registry()
collectDefaultMetrics({ register: registry })

/**
 * Tells the lane with every metric of this process, so that a page of several lanes keeps them apart.
 *
 * @param lane the lane's name, which is the prefix of its groups
 */
export function nameLane(lane: string): void {
  registry.setDefaultLabels({ lane })
}

const shared = { registers: [registry] }
const name = (rest: string) => `album_enricher_${rest}`

export const metrics = {
  results: new Counter({
    ...shared,
    name: name('results_total'),
    help: 'Results published, by outcome.',
    labelNames: ['outcome', 'marketplace'],
  }),
  deadLetters: new Counter({
    ...shared,
    name: name('dead_letters_total'),
    help: 'Records given up, by error code.',
    labelNames: ['code'],
  }),
  deadLettersWaiting: new Gauge({
    ...shared,
    name: name('dead_letters_waiting'),
    help: 'Dead letters that nobody has retried or deleted yet, by error code. Told by processes with the role relay.',
    labelNames: ['code'],
  }),
  tombstones: new Counter({
    ...shared,
    name: name('tombstones_total'),
    help: 'Records of album.imported without a value: forgotten (an album was erased), unknown (none is stored under the key), unusable (the key can be no album id).',
    labelNames: ['result'],
  }),
  staleCopies: new Counter({
    ...shared,
    name: name('stale_copies_total'),
    help: 'Requests without a result of their own: delivered again from another place, or of an album that was forgotten since.',
  }),
  stageDuration: new Histogram({
    ...shared,
    name: name('stage_duration_seconds'),
    help: 'How long a stage of the enrichment took.',
    labelNames: ['stage'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  }),
  albumsInFlight: new Gauge({
    ...shared,
    name: name('albums_in_flight'),
    help: 'Albums the worker has taken up and not finished.',
  }),
  laneState: new Gauge({
    ...shared,
    name: name('lane_state'),
    help: 'State of the lane: 1 for the state it is in, 0 for the others. It may be held and paused at once.',
    labelNames: ['state'],
  }),
  laneHeld: new Gauge({
    ...shared,
    name: name('lane_held'),
    help: 'Why the lane is held, or intake (intake_...): 1 for each cause. Absent while nothing is held.',
    labelNames: ['cause'],
  }),
  retries: new Counter({
    ...shared,
    name: name('retries_total'),
    help: 'Requests sent to a retry topic, by tier and error code.',
    labelNames: ['tier', 'code'],
  }),
  lastResult: new Gauge({
    ...shared,
    name: name('last_result_timestamp_seconds'),
    help: 'When the last result of the lane was decided, by whichever process, seconds since 1970. Absent where there was none.',
  }),
  amazonRequests: new Counter({
    ...shared,
    name: name('amazon_requests_total'),
    help: 'Amazon requests, by operation and result (ok, aborted or an error code).',
    labelNames: ['operation', 'result'],
  }),
  amazonRateLimit: new Gauge({
    ...shared,
    name: name('amazon_rate_limit'),
    help: 'Amazon requests a second that are allowed.',
  }),
  searchSteps: new Counter({
    ...shared,
    name: name('search_steps_total'),
    help: 'Steps of the search, each one Amazon request: fields, known, first (artist), title (alone), keywords; by result (found or nothing).',
    labelNames: ['step', 'result'],
  }),
  amazonDayRemaining: new Gauge({
    ...shared,
    name: name('amazon_day_remaining'),
    help: 'Amazon requests that the account has left until its day begins anew. Absent before the first.',
  }),
  verdicts: new Counter({
    ...shared,
    name: name('verdicts_total'),
    help: 'Verdicts about candidates, by who decided and what.',
    labelNames: ['by', 'verdict'],
  }),
  modelCalls: new Counter({
    ...shared,
    name: name('model_calls_total'),
    help: 'Calls of the language model, by result (ok, aborted or an error code).',
    labelNames: ['result'],
  }),
  modelTokens: new Counter({
    ...shared,
    name: name('model_tokens_total'),
    help: 'Tokens of the language model, by kind (input or output).',
    labelNames: ['kind'],
  }),
  modelUnheard: new Counter({
    ...shared,
    name: name('model_unheard_total'),
    help: 'Candidates left as the rules had them because the model was not heard about them, by reason.',
    labelNames: ['reason'],
  }),
  artwork: new Counter({
    ...shared,
    name: name('artwork_total'),
    help: 'What became of the primary artwork, by status.',
    labelNames: ['status'],
  }),
  reviewOpen: new Gauge({
    ...shared,
    name: name('review_open'),
    help: 'Albums without a link that have candidates for a person to decide about.',
  }),
  reviewOldest: new Gauge({
    ...shared,
    name: name('review_oldest_seconds'),
    help: 'How long the oldest of those albums has waited.',
  }),
  consumerLagRecords: new Gauge({
    ...shared,
    name: name('consumer_lag_records'),
    help: 'Records a group has not finished, by topic and partition.',
    labelNames: ['group', 'topic', 'partition'],
  }),
  consumerLagSeconds: new Gauge({
    ...shared,
    name: name('consumer_lag_seconds'),
    help: 'Age of the oldest record that a group has not finished, by topic and partition.',
    labelNames: ['group', 'topic', 'partition'],
  }),
}

// A gauge without labels is 0 from the start, which here would mean that all are spent, or that 1970 had the last result.
metrics.amazonDayRemaining.remove()
metrics.lastResult.remove()
