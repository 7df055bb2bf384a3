/** What Prometheus would scrape of a service, minute by minute, and what its alerts and its dashboard are to make of it. */
export interface Story {
  name: string
  /** Values by metric with labels, in promtool's notation, beginning at minute 0. */
  series: Record<string, string>
  /** By minute the alerts that fire, as name and what it is about. */
  alerts: Record<number, string[]>
  /** By the panel's title: the minute, and by label what it shows, rounded to the number given. */
  panels: Record<string, { at: number; shows: Record<string, number>; roundTo?: number }[]>
}

const lag = (group: string, topic: string, pod: string) => ({
  records: `album_enricher_consumer_lag_records{pod="${pod}", group="uk.${group}", topic="${topic}", partition="0"}`,
  seconds: `album_enricher_consumer_lag_seconds{pod="${pod}", group="uk.${group}", topic="${topic}", partition="0"}`,
})

/** A group's lag, in records and in seconds. */
function lags(pod: string, values: { intake: string; worker: string; relay: string }): Record<string, string> {
  const topics = { intake: 'album.imported', worker: 'album.enrichment', relay: 'album.enrichment.retry.1m' }
  const roles = Object.keys(topics) as (keyof typeof topics)[]
  return Object.fromEntries(
    roles.flatMap((role) => {
      const { records, seconds } = lag(role, topics[role], pod)
      return [
        [records, values[role]],
        [seconds, values[role]],
      ]
    }),
  )
}

const state = (pod: string, name: string) => `album_enricher_lane_state{pod="${pod}", state="${name}"}`
const held = (pod: string, cause: string) => `album_enricher_lane_held{pod="${pod}", cause="${cause}"}`

/** The only pod is replaced at minute 60; the next one is scraped from minute 62 on, and counts from 0. */
const restart: Story = {
  name: 'a restart',
  series: {
    [state('a', 'running')]: '1x59 stale',
    [state('b', 'running')]: '_x62 0 1x60',
    ...lags('a', { intake: '0x59 stale', worker: '5x59 stale', relay: '0x59 stale' }),
    ...lags('b', { intake: '_x62 0x60', worker: '_x62 5x60', relay: '_x62 0x60' }),
    'album_enricher_last_result_timestamp_seconds{pod="a"}': '0+60x59 stale',
    'album_enricher_last_result_timestamp_seconds{pod="b"}': '_x62 3540 3780+60x59',
    'album_enricher_results_total{pod="a", outcome="matched"}': '0+10x59 stale',
    'album_enricher_results_total{pod="b", outcome="matched"}': '_x62 0+10x60',
    'album_enricher_dead_letters_total{pod="a", code="RECORD_INVALID"}': '0x29 5000x29 stale',
    'album_enricher_dead_letters_total{pod="b", code="RECORD_INVALID"}': '_x62 0x60',
    'album_enricher_dead_letters_waiting{pod="a", code="RECORD_INVALID"}': '_x30 5000x29 stale',
    'album_enricher_dead_letters_waiting{pod="b", code="RECORD_INVALID"}': '_x62 5000x60',
    'album_enricher_retries_total{pod="a", tier="1m", code="MODEL_BAD_ANSWER"}': '0x29 100x29 stale',
    'album_enricher_retries_total{pod="b", tier="1m", code="MODEL_BAD_ANSWER"}': '_x62 0x60',
    'album_enricher_verdicts_total{pod="a", by="rules", verdict="accept"}': '0x29 100x29 stale',
    'album_enricher_verdicts_total{pod="b", by="rules", verdict="accept"}': '_x62 0x60',
    'album_enricher_model_calls_total{pod="a", result="ok"}': '0x29 100x29 stale',
    'album_enricher_model_calls_total{pod="b", result="ok"}': '_x62 0x60',
    'album_enricher_artwork_total{pod="a", status="stored"}': '0x29 100x29 stale',
    'album_enricher_artwork_total{pod="b", status="stored"}': '_x62 0x60',
    'album_enricher_amazon_requests_total{pod="a", operation="searchItems", result="ok"}': '0+60x59 stale',
    'album_enricher_amazon_requests_total{pod="b", operation="searchItems", result="ok"}': '_x62 0+60x60',
    'album_enricher_amazon_rate_limit{pod="a"}': '1x59 stale',
    'album_enricher_amazon_rate_limit{pod="b"}': '_x62 1x60',
    'album_enricher_albums_in_flight{pod="a", job="j", instance="a"}': '4x59 stale',
    'album_enricher_albums_in_flight{pod="b", job="j", instance="b"}': '_x62 4x60',
    'album_enricher_stage_duration_seconds_sum{pod="a", stage="match"}': '0+30x59 stale',
    'album_enricher_stage_duration_seconds_sum{pod="b", stage="match"}': '_x62 0+30x60',
    'album_enricher_stage_duration_seconds_count{pod="a", stage="match"}': '0+10x59 stale',
    'album_enricher_stage_duration_seconds_count{pod="b", stage="match"}': '_x62 0+10x60',
    'process_resident_memory_bytes{pod="a", job="j", instance="a"}': '1000x59 stale',
    'process_resident_memory_bytes{pod="b", job="j", instance="b"}': '_x62 2000x60',
  },
  alerts: {
    25: [],
    35: ['AlbumEnricherDeadLetters RECORD_INVALID'],
    61: ['AlbumEnricherDeadLetters RECORD_INVALID'],
    63: ['AlbumEnricherDeadLetters RECORD_INVALID'],
    75: ['AlbumEnricherDeadLetters RECORD_INVALID'],
    120: ['AlbumEnricherDeadLetters RECORD_INVALID'],
  },
  panels: {
    'Is anything coming in, and does it wait?': [{ at: 65, shows: { 'album.imported': 0, 'album.enrichment': 5 } }],
    'How long has the oldest record waited?': [{ at: 65, shows: { 'album.imported': 0, 'album.enrichment': 5 } }],
    'Is the lane running?': [
      { at: 50, shows: { running: 1 } },
      { at: 62, shows: { running: 0 } },
      { at: 65, shows: { running: 1 } },
    ],
    'What is the lane held for?': [{ at: 65, shows: {} }],
    'Is Amazon asked at the allowed rate?': [{ at: 75, shows: { ok: 1 } }],
    'How many albums are in the air?': [{ at: 65, shows: { '': 4 } }],
    'Who decides about candidates?': [
      { at: 65, shows: { 'rules accept': 100 }, roundTo: 10 },
      { at: 110, shows: {} },
    ],
    'Does the model answer?': [{ at: 65, shows: { ok: 100 }, roundTo: 10 }],
    'What becomes of the artwork?': [{ at: 65, shows: { stored: 100 }, roundTo: 10 }],
    'Where does the time go?': [{ at: 75, shows: { match: 3 } }],
    'What comes out?': [
      { at: 59, shows: { matched: 600 }, roundTo: 100 },
      { at: 65, shows: { matched: 600 }, roundTo: 100 },
    ],
    'When was the last result?': [
      { at: 59, shows: { '': 0 } },
      { at: 62, shows: { '': 180 } },
      { at: 65, shows: { '': 0 } },
    ],
    'What fails and is tried again?': [{ at: 65, shows: { '1m MODEL_BAD_ANSWER': 100 }, roundTo: 10 }],
    'How many retries wait, in which tier?': [{ at: 65, shows: { '1m': 0 } }],
    'Does the relay keep up with the retries?': [{ at: 65, shows: { '1m': 0 } }],
    'What was given up?': [
      { at: 59, shows: { RECORD_INVALID: 5_000 }, roundTo: 1_000 },
      { at: 65, shows: { RECORD_INVALID: 5_000 }, roundTo: 1_000 },
      { at: 110, shows: {} },
    ],
    'How many dead letters wait for a person?': [
      { at: 20, shows: {} },
      { at: 59, shows: { RECORD_INVALID: 5_000 } },
      { at: 65, shows: { RECORD_INVALID: 5_000 } },
      { at: 120, shows: { RECORD_INVALID: 5_000 } },
    ],
    'Is memory flat?': [
      { at: 50, shows: { a: 1_000 } },
      { at: 65, shows: { b: 2_000 } },
    ],
  },
}

/** Kafka is away from minute 60 to minute 90; the lag cannot be read a minute later. */
const outage: Story = {
  name: 'an outage of Kafka',
  series: {
    [state('a', 'running')]: '1x59 0x29 1x60',
    [state('a', 'held')]: '0x59 1x29 0x60',
    [held('a', 'KAFKA_UNAVAILABLE')]: '_x60 1x29 stale',
    [held('a', 'intake_KAFKA_UNAVAILABLE')]: '_x60 1x29 stale',
    ...lags('a', { intake: '0x61 stale _x28 7x60', worker: '5x61 stale _x28 5x60', relay: '0x61 stale _x28 0x60' }),
    'album_enricher_last_result_timestamp_seconds{pod="a"}': '0+60x59 3540x29 5400+60x60',
    'album_enricher_results_total{pod="a", outcome="matched"}': '0+10x59 590x29 590+10x60',
    'album_enricher_dead_letters_total{pod="a", code="RECORD_INVALID"}': '0x150',
    'album_enricher_retries_total{pod="a", tier="1m", code="MODEL_BAD_ANSWER"}': '0x150',
    'album_enricher_amazon_requests_total{pod="a", operation="searchItems", result="ok"}': '0+60x59 3540x29 3540+60x60',
    'album_enricher_amazon_rate_limit{pod="a"}': '1x150',
    'album_enricher_albums_in_flight{pod="a", job="j", instance="a"}': '4x59 0x29 4x60',
    'process_resident_memory_bytes{pod="a", job="j", instance="a"}': '1000x150',
  },
  alerts: {
    55: [],
    64: [],
    70: [
      'AlbumEnricherDependencyAway KAFKA_UNAVAILABLE',
      'AlbumEnricherIntakeWaits intake_KAFKA_UNAVAILABLE',
      'AlbumEnricherRoleMissing intake',
      'AlbumEnricherRoleMissing relay',
      'AlbumEnricherRoleMissing worker',
    ],
    95: [],
    140: [],
  },
  panels: {
    'Is anything coming in, and does it wait?': [
      { at: 70, shows: {} },
      { at: 100, shows: { 'album.imported': 7, 'album.enrichment': 5 } },
    ],
    'Is the lane running?': [
      { at: 70, shows: { running: 0, held: 1 } },
      { at: 95, shows: { running: 1, held: 0 } },
    ],
    'What is the lane held for?': [
      { at: 70, shows: { KAFKA_UNAVAILABLE: 1, intake_KAFKA_UNAVAILABLE: 1 } },
      { at: 95, shows: {} },
    ],
    'Is Amazon asked at the allowed rate?': [{ at: 80, shows: { ok: 0 } }],
    'How many albums are in the air?': [{ at: 70, shows: { '': 0 } }],
    'What comes out?': [{ at: 89, shows: { matched: 300 }, roundTo: 100 }],
    'When was the last result?': [
      { at: 70, shows: { '': 660 } },
      { at: 95, shows: { '': 0 } },
    ],
    'What was given up?': [{ at: 95, shows: {} }],
  },
}

/** Nothing is imported for ten hours after ten minutes of work; then one album, which waits for two minutes. */
const idleNight: Story = {
  name: 'an idle night',
  series: {
    [state('a', 'running')]: '1x660',
    [state('b', 'running')]: '0x660',
    ...lags('a', { intake: '0x660', worker: '3x9 0x590 1 1 0x50', relay: '0x660' }),
    'album_enricher_last_result_timestamp_seconds{pod="a"}': '0+60x9 540x591 36120x50',
    'album_enricher_last_result_timestamp_seconds{pod="b"}': '0+60x9 540x591 36120x50',
    'album_enricher_results_total{pod="a", outcome="matched"}': '0+1x9 9x591 10x50',
    'album_enricher_dead_letters_total{pod="a", code="RECORD_INVALID"}': '0x660',
    'album_enricher_retries_total{pod="a", tier="1m", code="MODEL_BAD_ANSWER"}': '0x660',
    'album_enricher_verdicts_total{pod="a", by="rules", verdict="accept"}': '0+1x9 9x650',
    'album_enricher_model_calls_total{pod="a", result="ok"}': '0x660',
    'album_enricher_artwork_total{pod="a", status="stored"}': '0+1x9 9x650',
    'album_enricher_amazon_requests_total{pod="a", operation="searchItems", result="ok"}': '0+1x9 9x591 10x50',
    'album_enricher_stage_duration_seconds_sum{pod="a", stage="match"}': '0+3x9 27x650',
    'album_enricher_stage_duration_seconds_count{pod="a", stage="match"}': '0+1x9 9x650',
    'album_enricher_albums_in_flight{pod="a", job="j", instance="a"}': '0x660',
    'process_resident_memory_bytes{pod="a", job="j", instance="a"}': '1000x660',
  },
  alerts: { 30: [], 300: [], 599: [], 601: [], 605: [], 650: [] },
  panels: {
    'Is anything coming in, and does it wait?': [{ at: 300, shows: { 'album.imported': 0, 'album.enrichment': 0 } }],
    'How long has the oldest record waited?': [{ at: 300, shows: { 'album.imported': 0, 'album.enrichment': 0 } }],
    'Is the lane running?': [{ at: 300, shows: { running: 1 } }],
    'What is the lane held for?': [{ at: 300, shows: {} }],
    'Is Amazon asked at the allowed rate?': [{ at: 300, shows: { ok: 0 } }],
    'How many albums are in the air?': [{ at: 300, shows: { '': 0 } }],
    'Who decides about candidates?': [{ at: 300, shows: {} }],
    'Does the model answer?': [{ at: 300, shows: {} }],
    'What becomes of the artwork?': [{ at: 300, shows: {} }],
    'Where does the time go?': [{ at: 300, shows: {} }],
    'What comes out?': [
      { at: 300, shows: { matched: 0 } },
      { at: 620, shows: { matched: 1 } },
    ],
    'When was the last result?': [
      { at: 300, shows: { '': 17_460 } },
      { at: 610, shows: { '': 480 } },
    ],
    'What fails and is tried again?': [{ at: 300, shows: {} }],
    'What was given up?': [{ at: 300, shows: {} }],
    'How many dead letters wait for a person?': [{ at: 300, shows: {} }],
    'Is memory flat?': [{ at: 300, shows: { a: 1_000 } }],
  },
}

export const STORIES: Story[] = [restart, outage, idleNight]
